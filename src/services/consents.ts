import { randomBytes } from "node:crypto";
import { allows, type Caller, requireGrantable } from "../core/caller.js";
import { AppError, notFound } from "../core/errors.js";
import { formatId } from "../core/ids.js";
import type { Page, PageInput } from "../core/page.js";
import { isSensitive } from "../core/scopes.js";
import { untilCommitted, update } from "../store/atomic.js";
import type { Change, Store, Stored } from "../store/port.js";
import { canonicalCode, newCode } from "./codes.js";
import type { Events } from "./events.js";
import { type Grant, GRANT_LIFE_MS, type GrantMode, liveGrants } from "./grants.js";
import { hashOf } from "./invitations.js";
import { type KeyRecord, keyRecords, keyView, requireKnownScopes } from "./key-record.js";
import { commitFresh, numberedRecords } from "./records.js";

type ConsentStatus = "pending" | "granted" | "denied" | "expired";

interface ConsentRecord {
  /** Number of the key that asked; absent for the owner's own and for stdio. */
  readonly key?: number;
  readonly keyPrefix?: string;
  readonly person: number;
  readonly agent: string;
  readonly reason: string;
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

/** A request for scopes as the person sees it who decides. */
export interface ConsentView {
  readonly id: string;
  readonly status: ConsentStatus;
  readonly agent_display_name: string;
  readonly reason: string;
  readonly scopes: readonly string[];
  readonly mode: GrantMode;
  readonly link_code: string;
  readonly key?: {
    readonly id: string;
    readonly name: string;
    readonly prefix: string;
    readonly scopes: readonly string[];
  };
  readonly created_at: string;
  readonly expires_at: string;
}

/** What an agent asks a person for. */
export interface Wish {
  readonly scopes: readonly string[];
  readonly agent: string;
  readonly reason: string;
  /** Left out: for good where all of it only reads, for an hour where it does not. */
  readonly mode?: GrantMode | undefined;
}

/** What the person chose; left out, as the agent asked. */
export interface Approval {
  readonly scopes?: readonly string[] | undefined;
  readonly mode?: GrantMode | undefined;
  /** Whether the person was asked a second time. */
  readonly confirmed?: boolean | undefined;
}

/** What an agent that polls is told. */
export interface ConsentPoll {
  readonly status: ConsentStatus;
  readonly scopes?: readonly string[];
  readonly grant_token?: string;
  readonly token_header?: "x-permission-grant";
}

/** Requests of agents for scopes, and what people say to them. */
export interface Consents {
  /** The request, or undefined where the key has all of it for good. The same request again is the same one. */
  ask(caller: Asker, wish: Wish): Promise<ConsentView | undefined>;
  /** By the key that asked; the token comes once. Throws `NOT_FOUND`. */
  poll(caller: Asker, id: string): Promise<ConsentPoll>;
  page(
    workspace: number,
    input: PageInput & { readonly link_code?: string | undefined; readonly status?: ConsentStatus | undefined },
  ): Promise<Page<ConsentView>>;
  /** Throws `CONFIRMATION_REQUIRED` where something sensitive is granted for good and the person was asked once. */
  approve(decider: Decider, id: string, approval: Approval): Promise<ConsentView>;
  deny(decider: Decider, id: string): Promise<ConsentView>;
}

type Asker = Pick<Caller, "workspace" | "person" | "key" | "keyPrefix" | "scopes" | "holder">;
type Decider = Pick<Caller, "workspace" | "person" | "scopes">;

const WINDOW_MS = 5 * 60_000;

/** The consents of a store. */
export function createConsents(options: {
  readonly store: Store;
  readonly events: Events;
  readonly now: () => number;
}): Consents {
  const { store, events, now } = options;
  const keys = keyRecords(store);
  const records = numberedRecords<ConsentRecord>(store, {
    kind: "consent",
    called: "consent",
    lister: "connect-agent",
    tags: ({ status, linkCode, key }) => [`status:${status}`, `code:${linkCode}`, `key:${key ?? "owner"}`],
  });

  const statusOf = ({ status, expiresAt }: ConsentRecord): ConsentStatus =>
    status === "pending" && expiresAt <= now() ? "expired" : status;

  const viewOf = async (workspace: number, record: ConsentRecord, id: string): Promise<ConsentView> => {
    const found = record.key === undefined ? undefined : await keys.find(workspace, record.key);
    const { name, prefix, scopes } = found ? keyView(found.value, "") : { name: "", prefix: "", scopes: [] };
    return {
      id,
      status: statusOf(record),
      agent_display_name: record.agent,
      reason: record.reason,
      scopes: record.scopes,
      mode: record.mode,
      link_code: record.linkCode,
      ...(found && record.key !== undefined && { key: { id: formatId("key", record.key), name, prefix, scopes } }),
      created_at: new Date(record.createdAt).toISOString(),
      expires_at: new Date(record.expiresAt).toISOString(),
    };
  };

  const bareScopesOf = async ({ workspace, key, scopes }: Asker): Promise<ReadonlySet<string>> => {
    if (key === undefined) return scopes;
    return new Set((await keys.find(workspace, key))?.value.scopes);
  };

  const pendingLike = async (caller: Asker, wish: Required<Wish>): Promise<Stored<ConsentRecord> | undefined> => {
    const { workspace, key, holder } = caller;
    const tags = ["status:pending", `key:${key ?? "owner"}`];
    const page = await store.page<ConsentRecord>(`consent:${workspace}`, { direction: "descending", limit: 50, tags });
    return page.rows.find(
      ({ value }) =>
        statusOf(value) === "pending" &&
        value.holder === holder &&
        value.agent === wish.agent &&
        value.reason === wish.reason &&
        value.mode === wish.mode &&
        value.scopes.join(" ") === wish.scopes.join(" "),
    );
  };

  const pendingOf = async (workspace: number, id: string): Promise<Stored<ConsentRecord>> => {
    const found = await records.get(workspace, id);
    const status = statusOf(found.value);
    if (status === "pending") return found;
    const what =
      status === "expired" ? "This request is older than five minutes" : `This request was ${status} already`;
    throw new AppError("CONFLICT", `${what}; have the agent ask again.`);
  };

  /** What an approval changes about the key that asked. */
  const keyChange = async (workspace: number, consent: number, record: ConsentRecord): Promise<Change[]> => {
    if (record.key === undefined) return [];
    const found = await keys.find(workspace, record.key);
    if (!found) throw new AppError("NOT_FOUND", "The key that asked is gone; deny this request.");
    return [keys.replace(workspace, found, approved(found.value, consent, record, now()))];
  };

  return {
    async ask(caller, { scopes, agent, reason, mode: asked }) {
      const wanted = [...new Set(scopes)].sort();
      requireKnownScopes(wanted);
      const held = await bareScopesOf(caller);
      if (!held.has("*") && wanted.every((scope) => allows(held, scope))) return undefined;
      const mode = asked ?? (wanted.some(isSensitive) ? "session" : "persistent");
      const wish = { scopes: wanted, agent, reason, mode };
      const { workspace, person, key, keyPrefix, holder } = caller;
      const same = await pendingLike(caller, wish);
      if (same) return viewOf(workspace, same.value, formatId("consent", Number(same.id)));
      const record: ConsentRecord = {
        ...(key !== undefined && { key }),
        ...(keyPrefix !== undefined && { keyPrefix }),
        ...(holder !== undefined && { holder }),
        person,
        ...wish,
        linkCode: newCode(),
        status: "pending",
        createdAt: now(),
        expiresAt: now() + WINDOW_MS,
      };
      const number = await records.next();
      await commitFresh(store, [records.insert(workspace, number, record)]);
      const id = formatId("consent", number);
      await events.publish(workspace, { type: "consent-requested", data: { id, link_code: record.linkCode } });
      return viewOf(workspace, record, id);
    },

    poll: ({ workspace, key }, id) =>
      untilCommitted<ConsentPoll>(async () => {
        const found = await records.get(workspace, id);
        const { value } = found;
        if (value.key !== key) throw notFound("consent", id, "connect-agent");
        const status = statusOf(value);
        if (status !== "granted") return { result: { status } };
        const { scopes } = value;
        if (value.fetched) return { result: { status, scopes } };
        const grant_token = `cg_${randomBytes(32).toString("base64url")}`;
        const held = await store.commit([
          records.replace(workspace, found, { ...value, fetched: true }),
          ...(await tokenChange(workspace, Number(found.id), value, hashOf(grant_token))),
        ]);
        return held ? { result: { status, scopes, grant_token, token_header: "x-permission-grant" } } : undefined;
      }),

    async page(workspace, { link_code: code, status, ...input }) {
      const tags = [
        ...(code === undefined ? [] : [`code:${canonicalCode(code)}`]),
        ...(status === undefined ? [] : [`status:${status === "expired" ? "pending" : status}`]),
      ];
      const page = await records.page(workspace, input, tags, (value, id) => ({ value, id }));
      const rows = page.data.filter(({ value }) => status === undefined || statusOf(value) === status);
      return { ...page, data: await Promise.all(rows.map(({ value, id }) => viewOf(workspace, value, id))) };
    },

    approve: (decider, id, { scopes, mode, confirmed }) =>
      untilCommitted(async () => {
        const { workspace, person } = decider;
        const found = await pendingOf(workspace, id);
        requireTheirs(decider, found.value);
        const chosen = { scopes: scopes ?? found.value.scopes, mode: mode ?? found.value.mode };
        requireKnownScopes(chosen.scopes);
        requireAmong(chosen.scopes, found.value.scopes);
        requireGrantable(decider.scopes, chosen.scopes);
        requireConfirmed(chosen, confirmed ?? false);
        const value: ConsentRecord = { ...found.value, ...chosen, status: "granted", decidedBy: person };
        const number = Number(found.id);
        const changes = [records.replace(workspace, found, value), ...(await keyChange(workspace, number, value))];
        if (!(await store.commit(changes))) return undefined;
        return { result: await viewOf(workspace, value, formatId("consent", number)) };
      }),

    async deny(decider, id) {
      const { workspace, person } = decider;
      const { id: number, value: asked } = await pendingOf(workspace, id);
      requireTheirs(decider, asked);
      const denied = await update<ConsentRecord>(store, `consent:${workspace}`, number, (value) => {
        const next: ConsentRecord = { ...value, status: "denied", decidedBy: person };
        if (value.status === "granted") throw new AppError("CONFLICT", "This request was granted already.");
        return { value: next, tags: [`status:denied`, `code:${value.linkCode}`, `key:${value.key ?? "owner"}`] };
      });
      if (!denied) throw new AppError("NOT_FOUND", "This request was removed meanwhile.");
      return viewOf(workspace, denied.value, formatId("consent", Number(number)));
    },
  };

  async function tokenChange(workspace: number, consent: number, record: ConsentRecord, tokenHash: string) {
    if (record.key === undefined || record.mode === "persistent") return [];
    const found = await keys.find(workspace, record.key);
    if (!found) return [];
    const grants = (found.value.grants ?? []).map((grant) =>
      grant.consent === consent ? { ...grant, tokenHash } : grant,
    );
    return [keys.replace(workspace, found, { ...found.value, grants })];
  }
}

/**
 * The key once its request is approved. The first approval makes its scopes those that were chosen, later ones add to
 * them; what is lent for a while is beside them, and leaves a key that could do everything with what only reads.
 */
function approved(key: KeyRecord, consent: number, record: ConsentRecord, now: number): KeyRecord {
  const { scopes, mode, holder } = record;
  const first = !key.consented;
  const lasting = mode === "persistent" ? scopes : scopes.filter((scope) => !isSensitive(scope));
  const bare =
    mode === "persistent"
      ? first
        ? scopes
        : union(key.scopes, scopes)
      : first && key.scopes.includes("*")
        ? lasting
        : key.scopes;
  if (mode === "persistent") return { ...key, consented: true, scopes: bare };
  const grant: Grant = {
    consent,
    scopes,
    mode,
    expiresAt: now + GRANT_LIFE_MS[mode],
    ...(holder !== undefined && { holder }),
  };
  return { ...key, consented: true, scopes: bare, grants: [...liveGrants(key.grants, now), grant] };
}

const union = (some: readonly string[], others: readonly string[]): string[] => [...new Set([...some, ...others])];

/** Whoever manages the workspace decides for every key, others for their own. */
function requireTheirs(decider: Decider, record: ConsentRecord): void {
  if (decider.person === record.person || allows(decider.scopes, "owner")) return;
  throw new AppError(
    "ACCESS_DENIED",
    "This key is another person's; its owner or an admin decides on what it asks for.",
  );
}

function requireAmong(chosen: readonly string[], asked: readonly string[]): void {
  const beyond = chosen.find((scope) => !asked.includes(scope));
  if (beyond !== undefined)
    throw new AppError("INVALID_INPUT", `${beyond} was not asked for; choose among ${asked.join(", ")}.`);
}

function requireConfirmed(
  { scopes, mode }: { readonly scopes: readonly string[]; readonly mode: GrantMode },
  confirmed: boolean,
): void {
  const sensitive = scopes.filter(isSensitive);
  if (mode !== "persistent" || confirmed || sensitive.length === 0) return;
  throw new AppError(
    "CONFIRMATION_REQUIRED",
    `This grants ${sensitive.join(", ")} for good; approve it again with confirmed set to true.`,
    { details: { scopes: sensitive } },
  );
}
