import { formatId } from "../../core/ids.js";
import type { ConsentStatus, ConsentView, GrantMode } from "../../core/shapes/consent.js";
import type { Store } from "../../store/port.js";
import type { Events } from "../events.js";
import { type KeyRecord, keyRecords, keyView } from "../keys/key-record.js";
import { type NumberedRecords, numberedRecords } from "../records.js";

/** A request of an agent as the store has it. */
export interface ConsentRecord {
  /** Number of the key that asked; absent for the owner's own and for stdio. */
  readonly key?: number;
  readonly keyPrefix?: string;
  readonly person: number;
  readonly agent: string;
  readonly reason: string;
  /** Whether it is for more than the key has: approving it takes nothing away. */
  readonly adds?: boolean;
  /** What was asked for; once granted, what the person chose. */
  readonly scopes: readonly string[];
  readonly mode: GrantMode;
  /** The MCP session that asked. */
  readonly holder?: string;
  readonly linkCode: string;
  readonly status: "pending" | "granted" | "denied";
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly decidedBy?: number;
  /** Whether the grant token has been fetched. */
  readonly fetched?: boolean;
}

/** What asking, deciding and collecting all work on. */
export interface ConsentDesk {
  readonly store: Store;
  readonly now: () => number;
  readonly records: NumberedRecords<ConsentRecord>;
  readonly keys: NumberedRecords<KeyRecord>;
  statusOf(record: ConsentRecord): ConsentStatus;
  /** What is shown of a request, with its key as that is now. */
  viewOf(workspace: number, record: ConsentRecord, id: string): Promise<ConsentView>;
  /** Says to whoever listens that a request has come or was decided on. */
  tell(
    workspace: number,
    type: "consent-requested" | "consent-decided",
    id: string,
    record: ConsentRecord,
  ): Promise<void>;
}

/** The requests of a store, beside the keys that asked. */
export function openDesk({
  store,
  events,
  now,
}: {
  readonly store: Store;
  readonly events: Events;
  readonly now: () => number;
}): ConsentDesk {
  const keys = keyRecords(store);
  const records = numberedRecords<ConsentRecord>(store, {
    kind: "consent",
    called: "consent",
    lister: "connect-agent",
    tags: tagsOf,
  });
  const statusOf = ({ status, expiresAt }: ConsentRecord): ConsentStatus =>
    status === "pending" && expiresAt <= now() ? "expired" : status;

  return {
    store,
    now,
    records,
    keys,
    statusOf,
    async viewOf(workspace, record, id) {
      const found = record.key === undefined ? undefined : await keys.find(workspace, record.key);
      const { name, prefix, scopes } = found ? keyView(found.value, "") : { name: "", prefix: "", scopes: [] };
      return {
        id,
        status: statusOf(record),
        agent_display_name: record.agent,
        reason: record.reason,
        scopes: [...record.scopes],
        mode: record.mode,
        link_code: record.linkCode,
        ...(found &&
          record.key !== undefined && { key: { id: formatId("key", record.key), name, prefix, scopes: [...scopes] } }),
        created_at: new Date(record.createdAt).toISOString(),
        expires_at: new Date(record.expiresAt).toISOString(),
      };
    },
    tell: (workspace, type, id, { linkCode, person }) =>
      events.publish(workspace, { type, data: { id, link_code: linkCode, person: formatId("person", person) } }),
  };
}

/** What the store's index can narrow a list of requests by. */
export function tagsOf({ status, linkCode, key, person }: ConsentRecord): string[] {
  return [`status:${status}`, `code:${linkCode}`, `key:${key ?? "owner"}`, `person:${person}`];
}
