import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeedEnd, Deed } from "../../core/audit-trail.js";
import { formatId } from "../../core/ids.js";
import type { AuditEntryView } from "../../core/shapes/audit.js";
import { orderOf } from "../records.js";

/** What an entry says, without its place in the chain. */
export interface Facts {
  readonly actor: {
    readonly kind: string;
    readonly person: number;
    readonly key?: number;
    readonly keyPrefix?: string;
    readonly workspace: number;
  };
  readonly face: string;
  readonly ip?: string;
  readonly userAgent?: string;
  readonly requestId: string;
  readonly operation: string;
  readonly tool?: string;
  readonly action: string;
  readonly resource: string;
  readonly resourceId?: string;
  readonly outcome: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

/** An entry as the store keeps it. */
export interface EntryRecord extends Facts {
  /** The number of its id. */
  readonly number: number;
  /** Its place in the workspace's chain, from 1. */
  readonly seq: number;
  /** Milliseconds since 1970; never less than that of the entry before. */
  readonly time: number;
  /** Over all of the above and the mac of the entry before; hex. */
  readonly mac: string;
}

/** How far a chain goes; kept apart from it, so that a cut tail is missed. */
export interface Head {
  readonly count: number;
  readonly time: number;
  /** Of the last entry. */
  readonly mac: string;
  /** Over all of the above; hex. */
  readonly seal: string;
}

/** Longest text of a fact, in characters: a caller chooses some of them. */
const LONGEST = 256;

const short = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cs}]/gu, "?").slice(0, LONGEST);

/** The facts of a mutation; without an end, of one that nobody knows the end of. */
export function factsOf({ caller, ...deed }: Deed, end?: DeedEnd): Facts {
  const { kind, person, key, keyPrefix, workspace, clerkAccount } = caller;
  const resourceId = end?.resourceId ?? deed.resourceId;
  return {
    actor: {
      kind,
      person,
      ...(key !== undefined && { key }),
      ...(keyPrefix !== undefined && { keyPrefix }),
      workspace,
    },
    face: caller.face,
    ...(caller.ip !== undefined && { ip: short(caller.ip) }),
    ...(caller.userAgent !== undefined && { userAgent: short(caller.userAgent) }),
    requestId: short(caller.requestId),
    operation: deed.operation,
    ...(deed.tool !== undefined && { tool: deed.tool }),
    action: deed.action,
    resource: deed.resource,
    ...(resourceId !== undefined && { resourceId }),
    outcome: end?.outcome ?? UNKNOWN,
    metadata: {
      effect: deed.effect,
      ...(end && { duration_ms: end.ms }),
      ...(clerkAccount !== undefined && { clerk_account: clerkAccount }),
    },
  };
}

/** The outcome of a mutation whose process ended in the middle. */
const UNKNOWN = "UNKNOWN";

/** The mac of an entry that follows the one with `before` as its mac; "" for the first. */
export function macOf(key: Uint8Array, entry: Omit<EntryRecord, "mac">, before: string): string {
  return createHmac("sha256", key).update(canonical(entry, before)).digest("hex");
}

/** The seal of a head. */
export function sealOf(key: Uint8Array, { count, time, mac }: Omit<Head, "seal">): string {
  return createHmac("sha256", key)
    .update(JSON.stringify(["head", count, time, mac]))
    .digest("hex");
}

/** Whether two hex texts are the same, in a time that tells nothing. */
export function isSame(one: unknown, other: string): boolean {
  const [a, b] = [Buffer.from(String(one)), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether a head is as it was sealed. */
export function isIntact(key: Uint8Array, head: Head): boolean {
  return isSame(head.seal, sealOf(key, head));
}

/** One text for each entry: the fields in a fixed order, those of the metadata by name; JSON keeps them apart. */
function canonical(entry: Omit<EntryRecord, "mac">, before: string): string {
  const { actor, metadata } = entry;
  return JSON.stringify([
    "entry",
    before,
    entry.seq,
    entry.number,
    entry.time,
    [actor.kind, actor.person, actor.key, actor.keyPrefix, actor.workspace],
    entry.face,
    entry.ip,
    entry.userAgent,
    entry.requestId,
    entry.operation,
    entry.tool,
    entry.action,
    entry.resource,
    entry.resourceId,
    entry.outcome,
    Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/** An entry's place in its collection: by time, then by its place in the chain. */
export const placeOf = ({ time, seq }: Pick<EntryRecord, "time" | "seq">): string => `${orderOf(time)}:${orderOf(seq)}`;

/** What the store's index can narrow a list by. */
export const entryTags = ({ action, resource }: Pick<Facts, "action" | "resource">): string[] => [
  `action:${action}`,
  `resource:${resource}`,
];

/** An entry as it is shown. */
export function viewOf(entry: EntryRecord): AuditEntryView {
  const { actor, ip, userAgent, tool, resourceId } = entry;
  return {
    id: formatId("log", entry.number),
    created_at: new Date(entry.time).toISOString(),
    actor: {
      type: actor.kind,
      ...(actor.person > 0 && { person_id: formatId("person", actor.person) }),
      ...(actor.key !== undefined && { key_id: formatId("key", actor.key) }),
      ...(actor.keyPrefix !== undefined && { key_prefix: actor.keyPrefix }),
    },
    face: entry.face,
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
    request_id: entry.requestId,
    operation: entry.operation,
    ...(tool !== undefined && { tool }),
    action: entry.action,
    resource_type: entry.resource,
    ...(resourceId !== undefined && { resource_id: resourceId }),
    outcome: entry.outcome,
    metadata: { ...entry.metadata },
  };
}
