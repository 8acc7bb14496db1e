import { allows, type Caller } from "../../core/caller.js";
import { formatId } from "../../core/ids.js";
import { isSensitive } from "../../core/scopes.js";
import type { ConsentView, GrantMode } from "../../core/shapes/consent.js";
import type { Stored } from "../../store/port.js";
import { newCode } from "../codes.js";
import { requireKnownScopes } from "../keys/key-record.js";
import { commitFresh } from "../records.js";
import type { ConsentDesk, ConsentRecord } from "./record.js";

/** Who asks: an agent with a key, or without one over stdio. */
export type Asker = Pick<Caller, "workspace" | "person" | "key" | "keyPrefix" | "scopes" | "holder">;

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

const WINDOW_MS = 5 * 60_000;

/** Asks a person for scopes; undefined where the key has all of them for good. */
export async function ask(desk: ConsentDesk, caller: Asker, wished: Wish): Promise<ConsentView | undefined> {
  const { store, now, records } = desk;
  const { agent, reason, mode: asked, adds = false } = wished;
  const scopes = [...new Set(wished.scopes)].sort();
  requireKnownScopes(scopes);
  const held = await bareScopesOf(desk, caller);
  if (!held.has("*") && scopes.every((scope) => allows(held, scope))) return undefined;
  const mode = asked ?? (scopes.some(isSensitive) && !scopes.includes("*") ? "session" : "persistent");
  const wish = { scopes, agent, reason, mode, adds };
  const { workspace, person, key, keyPrefix, holder } = caller;
  const same = await openLike(desk, caller, wish);
  if (same) return desk.viewOf(workspace, same.value, formatId("consent", Number(same.id)));
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
  await desk.tell(workspace, "consent-requested", id, record);
  return desk.viewOf(workspace, record, id);
}

async function bareScopesOf({ keys }: ConsentDesk, { workspace, key, scopes }: Asker): Promise<ReadonlySet<string>> {
  if (key === undefined) return scopes;
  return new Set((await keys.find(workspace, key))?.value.scopes);
}

/** The same request, still open, or approved while the agent was on its way to ask anew as some clients do. */
async function openLike(
  { store, now }: ConsentDesk,
  { workspace, person, key, holder }: Asker,
  wish: Required<Wish>,
): Promise<Stored<ConsentRecord> | undefined> {
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
}
