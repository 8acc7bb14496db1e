import { allows, type Caller, requireGrantable } from "../../core/caller.js";
import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import { isSensitive } from "../../core/scopes.js";
import type { ConsentView, GrantMode } from "../../core/shapes/consent.js";
import { untilCommitted, update } from "../../store/atomic.js";
import type { Change, Stored } from "../../store/port.js";
import { requireKnownScopes } from "../keys/key-record.js";
import { approved } from "./approved-key.js";
import { type ConsentDesk, type ConsentRecord, tagsOf } from "./record.js";

/** Who decides. */
export type Decider = Pick<Caller, "workspace" | "person" | "scopes">;

/** What the person chose; left out, as the agent asked. */
export interface Approval {
  readonly scopes?: readonly string[] | undefined;
  readonly mode?: GrantMode | undefined;
  /** Whether the person was asked a second time. */
  readonly confirmed?: boolean | undefined;
}

/** Grants what the person chose of a request that is open. */
export function approve(
  desk: ConsentDesk,
  decider: Decider,
  id: string,
  { scopes, mode, confirmed }: Approval,
): Promise<ConsentView> {
  const { store, records } = desk;
  const { workspace, person } = decider;
  return untilCommitted(async () => {
    const found = await pendingOf(desk, workspace, id);
    requireTheirs(decider, found.value);
    const chosen = { scopes: scopes ?? found.value.scopes, mode: mode ?? found.value.mode };
    requireKnownScopes(chosen.scopes);
    requireAmong(chosen.scopes, found.value.scopes);
    requireGrantable(decider.scopes, chosen.scopes);
    requireConfirmed(chosen, confirmed ?? false);
    const value: ConsentRecord = { ...found.value, ...chosen, status: "granted", decidedBy: person };
    const number = Number(found.id);
    const changes = [records.replace(workspace, found, value), ...(await keyChange(desk, workspace, number, value))];
    if (!(await store.commit(changes))) return undefined;
    const said = formatId("consent", number);
    await desk.tell(workspace, "consent-decided", said, value);
    return { result: await desk.viewOf(workspace, value, said) };
  });
}

/** Refuses a request that is open. */
export async function deny(desk: ConsentDesk, decider: Decider, id: string): Promise<ConsentView> {
  const { workspace, person } = decider;
  const { id: number, value: asked } = await pendingOf(desk, workspace, id);
  requireTheirs(decider, asked);
  const denied = await update<ConsentRecord>(desk.store, `consent:${workspace}`, number, (value) => {
    const next: ConsentRecord = { ...value, status: "denied", decidedBy: person };
    if (value.status === "granted") throw new AppError("CONFLICT", "This request was granted already.");
    return { value: next, tags: tagsOf(next) };
  });
  if (!denied) throw new AppError("NOT_FOUND", "This request was removed meanwhile.");
  const said = formatId("consent", Number(number));
  await desk.tell(workspace, "consent-decided", said, denied.value);
  return desk.viewOf(workspace, denied.value, said);
}

async function pendingOf(
  { records, statusOf }: ConsentDesk,
  workspace: number,
  id: string,
): Promise<Stored<ConsentRecord>> {
  const found = await records.get(workspace, id);
  const status = statusOf(found.value);
  if (status === "pending") return found;
  const what = status === "expired" ? "This request is older than five minutes" : `This request was ${status} already`;
  throw new AppError("CONFLICT", `${what}; have the agent ask again.`);
}

/** What an approval changes about the key that asked. */
async function keyChange(
  { keys, now }: ConsentDesk,
  workspace: number,
  consent: number,
  record: ConsentRecord,
): Promise<Change[]> {
  if (record.key === undefined) return [];
  const found = await keys.find(workspace, record.key);
  if (!found) throw new AppError("NOT_FOUND", "The key that asked is gone; deny this request.");
  return [keys.replace(workspace, found, approved(found.value, consent, record, now()))];
}

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
