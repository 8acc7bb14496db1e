import { createApi } from "../../../src/connectors/api.js";
import type { Api, App } from "../../../src/connectors/app.js";
import { AppError } from "../../../src/core/errors.js";
import { createOutgoing } from "../../../src/outgoing/send.js";

/** A token that stand-ins know or take for anyone's. */
export const TOKEN = "token-of-a-test";

const outgoing = createOutgoing();

/** An app's API as the server makes it, at a stand-in's address. */
export function apiAt(app: App, baseUrl: string, token = TOKEN): Api {
  const lost = () => new AppError("TOOL_NOT_CONNECTED", "The stand-in refused the token.");
  return createApi({
    app,
    baseUrl,
    credentials: {
      token: async () => token,
      renewed: async () => Promise.reject(lost()),
      lost: async () => lost(),
    },
    read: false,
    signal: new AbortController().signal,
    outgoing,
    userAgent: "clanker-mcp-test",
    timeoutMs: 10_000,
  });
}

/** Runs an action with arguments as a caller gives them; the answer as a caller gets it. */
export async function act(app: App, name: string, input: object, api: Api) {
  const action = app.actions.find((one) => one.name === name);
  if (!action) throw new Error(`${app.slug} has no action ${name}.`);
  const answer = await action.run(action.input.parse(input), api);
  return JSON.parse(JSON.stringify(answer ?? null));
}

/** One field of each of an answer's rows. */
export function each(rows: readonly Record<string, unknown>[], field: string): unknown[] {
  return rows.map((row) => row[field]);
}

/** The error that a promise should end with. */
export async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`An AppError was expected, not ${String(thrown)}.`);
}
