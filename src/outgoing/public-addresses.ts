import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import type { buildConnector } from "undici";
import { AppError } from "../core/errors.js";

/** Addresses that look public and belong to the machine's own cloud. */
const METADATA = new Set(["168.63.129.16"]);

/**
 * Whether an IP address is one of the open internet: not this machine, a private or local network, a cloud's metadata,
 * nor one of those in another notation (mapped, translated or tunnelled).
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === "unicast" && !METADATA.has(parsed.toString());
  if (parsed.match(ipaddr.IPv6.parse("64:ff9b::"), 96)) {
    return isPublicAddress(parsed.toByteArray().slice(12).join("."));
  }
  return parsed.range() === "unicast" && parsed.match(ipaddr.IPv6.parse("2000::"), 3);
}

/** Asks for all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface AddressGuardOptions {
  /** Replaces the system's resolver. */
  readonly resolve?: Resolve;
  /** Replaces {@link isPublicAddress}. */
  readonly isPublic?: (address: string) => boolean;
}

type Connector = ReturnType<typeof buildConnector>;

/**
 * A connector for undici that reaches public addresses only. A name is resolved once, each of its addresses is looked at
 * and only those are connected to, so that a name cannot mean something else a moment later. Refuses with `ACCESS_DENIED`.
 */
export function guarded(
  build: (options: { lookup: LookupFunction }) => Connector,
  { resolve = systemLookup, isPublic = isPublicAddress }: AddressGuardOptions,
): Connector {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? new Error(`${hostname} has no address`), "");
      if (!addresses.every(({ address }) => isPublic(address))) return callback(refusal(), "");
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
  const connect = build({ lookup });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, "");
    // Node resolves no address that is written as one.
    if (isIP(host) !== 0 && !isPublic(host)) return callback(refusal(), null);
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null);
      if (isPublic(socket.remoteAddress ?? "")) return callback(null, socket);
      socket.destroy();
      return callback(refusal(), null);
    });
  };
}

function refusal(): AppError {
  return new AppError(
    "ACCESS_DENIED",
    "This address leads into a private network, where this server fetches nothing; use a public one.",
  );
}
