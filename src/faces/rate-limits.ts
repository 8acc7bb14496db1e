import { isIPv6 } from "node:net";
import type { Caller } from "../core/caller.js";
import { AppError } from "../core/errors.js";

/** How a key or an address stands after a request of its was counted. */
export interface Tally {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until it starts anew. */
  readonly resetMs: number;
  readonly isOver: boolean;
}

/** How often requests may come; a limit that is off answers undefined. */
export interface RateLimits {
  /** Counts a request to the REST API. */
  rest(bucket: string): Promise<Tally | undefined>;
  /** Counts a message to an MCP door. */
  mcp(bucket: string): Promise<Tally | undefined>;
  /** Counts a credential that was not known, whichever the door. */
  failedKey(ip: string | undefined): Promise<Tally | undefined>;
}

interface RateLimitOptions {
  readonly limiter: (options: { readonly name: string; readonly limit: number; readonly seconds: number }) => {
    count(key: string): Promise<Tally>;
  };
  /** How often a minute; 0 for no limit. */
  readonly rest: number;
  readonly mcp: number;
  readonly failedKeys: number;
}

/** The limits of all doors. */
export function createRateLimits({ limiter, rest, mcp, failedKeys }: RateLimitOptions): RateLimits {
  const counted = (name: string, limit: number) => {
    if (limit === 0) return () => Promise.resolve(undefined);
    const counting = limiter({ name, limit, seconds: 60 });
    return (key: string) => counting.count(key);
  };
  const countFailed = counted("failed-key", failedKeys);
  return {
    rest: counted("rest", rest),
    mcp: counted("mcp", mcp),
    failedKey: (ip) => countFailed(addressBucket(ip)),
  };
}

/** Where a caller's requests are counted: a key or a person's session for itself, everybody else by address. */
export function bucketOf({ kind, key, person, ip }: Pick<Caller, "kind" | "key" | "person" | "ip">): string {
  if (kind === "key") return `key ${key ?? "owner"}`;
  return kind === "session" ? `person ${person}` : addressBucket(ip);
}

/** Where the requests of an address are counted; an IPv6 network of one household counts as one. */
export function addressBucket(ip = "unknown"): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !isIPv6(ip)) return `address ${mapped ?? ip}`;
  const { hostname } = new URL(`http://[${ip.replace(/%.*$/, "")}]`);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return `address ${[...first, ...zeros, ...last].slice(0, 4).join(":")}::/64`;
}

/** Whole seconds until the count starts anew, one at least. */
export const secondsLeft = ({ resetMs }: Tally): number => Math.max(1, Math.ceil(resetMs / 1000));

/** `RATE_LIMITED` for who is over. */
export function rateLimited(tally: Tally): AppError {
  const seconds = secondsLeft(tally);
  return new AppError(
    "RATE_LIMITED",
    `Too many requests; wait ${seconds} ${seconds === 1 ? "second" : "seconds"} and try again.`,
    {
      fields: { retry_after_seconds: seconds },
    },
  );
}
