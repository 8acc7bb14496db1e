import { notFound } from "../../core/errors.js";
import type { ConsentStatus } from "../../core/shapes/consent.js";
import { untilCommitted } from "../../store/atomic.js";
import type { Change } from "../../store/port.js";
import { newToken } from "../tokens.js";
import type { Asker } from "./asking.js";
import type { ConsentDesk, ConsentRecord } from "./record.js";

/** What an agent that polls is told. */
export interface ConsentPoll {
  readonly status: ConsentStatus;
  readonly scopes?: readonly string[];
  readonly grant_token?: string;
  readonly token_header?: "x-permission-grant";
}

/** How a request stands, for the key that asked; the token of a grant comes once. */
export function poll(desk: ConsentDesk, { workspace, person, key }: Asker, id: string): Promise<ConsentPoll> {
  const { store, records, statusOf } = desk;
  return untilCommitted<ConsentPoll>(async () => {
    const found = await records.get(workspace, id);
    const { value } = found;
    if (value.key !== key || value.person !== person) throw notFound("consent", id, "connect-agent");
    const status = statusOf(value);
    if (status !== "granted") return { result: { status } };
    const { scopes } = value;
    if (value.fetched) return { result: { status, scopes } };
    const { token: grant_token, id: tokenHash } = newToken("cg");
    const held = await store.commit([
      records.replace(workspace, found, { ...value, fetched: true }),
      ...(await tokenChange(desk, workspace, Number(found.id), value, tokenHash)),
    ]);
    return held ? { result: { status, scopes, grant_token, token_header: "x-permission-grant" } } : undefined;
  });
}

async function tokenChange(
  { keys }: ConsentDesk,
  workspace: number,
  consent: number,
  { key, mode }: ConsentRecord,
  tokenHash: string,
): Promise<Change[]> {
  if (key === undefined || mode === "persistent") return [];
  const found = await keys.find(workspace, key);
  if (!found) return [];
  const grants = (found.value.grants ?? []).map((grant) =>
    grant.consent === consent ? { ...grant, tokenHash } : grant,
  );
  return [keys.replace(workspace, found, { ...found.value, grants })];
}
