import { randomBytes } from "node:crypto";
import { allows, type Caller, requireGrantable } from "../core/caller.js";
import { AppError, notFound } from "../core/errors.js";
import { formatId } from "../core/ids.js";
import type { Page, PageInput } from "../core/page.js";
import { isSensitive } from "../core/scopes.js";
import type { ConsentStatus, ConsentView, GrantMode } from "../core/shapes/consent.js";
import { untilCommitted, update } from "../store/atomic.js";
import type { Change, Store, Stored } from "../store/port.js";
import { canonicalCode, newCode } from "./codes.js";
import type { Events } from "./events.js";
import { type Grant, GRANT_LIFE_MS, liveGrants } from "./grants.js";
import { hashOf } from "./invitations.js";
import { type KeyRecord, keyRecords, keyView, requireKnownScopes } from "./key-record.js";
import { commitFresh, numberedRecords } from "./records.js";

interface ConsentRecord {
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

/** What an agent asks a person for. */
export interface Wish {
  readonly scopes: readonly string[];
  readonly agent: string;
  readonly reason: string;
  /** Left out: for good where all of it only reads, and for the wildcard, which is not lent; an hour otherwise. */
  readonly mode?: GrantMode | undefined;
  /** Whether it is for more than the key has, and not for all that the agent needs. */
  readonly adds?: boolean;
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
  /** Those that a person may decide on, newest first. */
  page(
    decider: Decider,
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
    tags: tagsOf,
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
      scopes: [...record.scopes],
      mode: record.mode,
      link_code: record.linkCode,
      ...(found &&
        record.key !== undefined && { key: { id: formatId("key", record.key), name, prefix, scopes: [...scopes] } }),
      created_at: new Date(record.createdAt).toISOString(),
      expires_at: new Date(record.expiresAt).toISOString(),
    };
  };

  const tell = (
    workspace: number,
    type: "consent-requested" | "consent-decided",
    id: string,
    { linkCode, person }: ConsentRecord,
  ) => events.publish(workspace, { type, data: { id, link_code: linkCode, person: formatId("person", person) } });

  const bareScopesOf = async ({ workspace, key, scopes }: Asker): Promise<ReadonlySet<string>> => {
    if (key === undefined) return scopes;
    return new Set((await keys.find(workspace, key))?.value.scopes);
  };

  /** The same request, still open, or approved while the agent was on its way to ask anew as some clients do. */
  const openLike = async (caller: Asker, wish: Required<Wish>): Promise<Stored<ConsentRecord> | undefined> => {
    const { workspace, person, key, holder } = caller;
    const newest = (status: "pending" | "granted") => {
      const tags = [`status:${status}`, `key:${key ?? "owner"}`];
      return store.page<ConsentRecord>(`consent:${workspace}`, { direction: "descending", limit: 50, tags });
    };
    const pages = await Promise.all([newest("pending"), newest("granted")]);
    return pages
      .flatMap(({ rows }) => rows)
      .find(
        ({ value }) =>
          value.expiresAt > now() &&
          value.fetched !== true &&
          value.person === person &&
          value.holder === holder &&
          (value.adds ?? false) === wish.adds &&
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
    async ask(caller, { scopes, agent, reason, mode: asked, adds = false }) {
      const wanted = [...new Set(scopes)].sort();
      requireKnownScopes(wanted);
      const held = await bareScopesOf(caller);
      if (!held.has("*") && wanted.every((scope) => allows(held, scope))) return undefined;
      const mode = asked ?? (wanted.some(isSensitive) && !wanted.includes("*") ? "session" : "persistent");
      const wish = { scopes: wanted, agent, reason, mode, adds };
      const { workspace, person, key, keyPrefix, holder } = caller;
      const same = await openLike(caller, wish);
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
      await tell(workspace, "consent-requested", id, record);
      return viewOf(workspace, record, id);
    },

    poll: ({ workspace, person, key }, id) =>
      untilCommitted<ConsentPoll>(async () => {
        const found = await records.get(workspace, id);
        const { value } = found;
        if (value.key !== key || value.person !== person) throw notFound("consent", id, "connect-agent");
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

    async page(decider, { link_code: code, status, ...input }) {
      const { workspace, person, scopes } = decider;
      const tags = [
        ...(allows(scopes, "owner") ? [] : [`person:${person}`]),
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
        const said = formatId("consent", number);
        await tell(workspace, "consent-decided", said, value);
        return { result: await viewOf(workspace, value, said) };
      }),

    async deny(decider, id) {
      const { workspace, person } = decider;
      const { id: number, value: asked } = await pendingOf(workspace, id);
      requireTheirs(decider, asked);
      const denied = await update<ConsentRecord>(store, `consent:${workspace}`, number, (value) => {
        const next: ConsentRecord = { ...value, status: "denied", decidedBy: person };
        if (value.status === "granted") throw new AppError("CONFLICT", "This request was granted already.");
        return { value: next, tags: tagsOf(next) };
      });
      if (!denied) throw new AppError("NOT_FOUND", "This request was removed meanwhile.");
      const said = formatId("consent", Number(number));
      await tell(workspace, "consent-decided", said, denied.value);
      return viewOf(workspace, denied.value, said);
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
 * The key once its request is approved. The first approval of all that an agent needs makes the key's scopes those that
 * were chosen; later ones, and those of one scope more, add to them. A key that could do everything is left with what was
 * chosen, and where that is lent for a while with what of it only reads.
 */
function approved(key: KeyRecord, consent: number, record: ConsentRecord, now: number): KeyRecord {
  const { scopes, mode, holder, adds = false } = record;
  const wild = key.scopes.includes("*");
  const lacks = scopes.some((scope) => !allows(new Set(key.scopes), scope));
  const replaces = adds ? wild && !lacks : wild || !key.consented;
  const lasting = mode === "persistent" ? scopes : scopes.filter((scope) => !isSensitive(scope));
  const replaced = mode === "persistent" || wild ? lasting : key.scopes;
  const bare = replaces ? replaced : mode === "persistent" ? union(key.scopes, scopes) : key.scopes;
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

function tagsOf({ status, linkCode, key, person }: ConsentRecord): string[] {
  return [`status:${status}`, `code:${linkCode}`, `key:${key ?? "owner"}`, `person:${person}`];
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
