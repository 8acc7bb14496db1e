import type { ServerResponse } from "node:http";
import type { AppError } from "../../../core/errors.js";
import { RPC, stableCodeOf } from "../rpc-error.js";
import { writeOn, writeOut } from "../stream-writing.js";

/** What is known of the request that is answered. */
export interface Sending {
  readonly requestId: string;
  /** The id of the message; absent where it has none to answer. */
  readonly id: string | number | undefined;
  /** Why the answer's stream ends before the answer, where it does. */
  readonly cut: () => AppError | undefined;
}

/** Sends what the SDK answered, with what every answer of ours has. */
export async function sendAnswer(response: Response, res: ServerResponse, sending: Sending): Promise<void> {
  if (res.destroyed) return;
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream") && response.body) return stream(response, response.body, res, sending);
  const text = await response.text();
  const body = response.ok ? withParamsRefused(text, sending.requestId) : withStableCode(text, sending.requestId);
  res.writeHead(response.status, {
    ...(body !== "" && { "content-type": "application/json" }),
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  res.end(body);
}

const NO_TOOLS = '"tools":[]';

/** Sends a list whose tools were left out, with their bytes in their place. */
export async function sendList(response: Response, list: Buffer, res: ServerResponse): Promise<void> {
  const frame = await response.text();
  const at = frame.indexOf(NO_TOOLS);
  if (at === -1) throw new Error("the list has no place for its tools");
  const [head, tail] = [Buffer.from(frame.slice(0, at)), Buffer.from(frame.slice(at + NO_TOOLS.length))];
  const body = Buffer.concat([head, list.subarray(1, -1), tail]);
  res.writeHead(200, {
    "content-type": "application/json",
    "content-length": body.length,
    "cache-control": "no-store",
  });
  res.end(body);
}

async function stream(
  response: Response,
  body: ReadableStream<Uint8Array>,
  res: ServerResponse,
  { id, requestId, cut }: Sending,
): Promise<void> {
  res.writeHead(200, { ...Object.fromEntries(response.headers), "cache-control": "no-store, no-transform" });
  res.flushHeaders();
  const reader = body.getReader();
  res.once("close", () => void reader.cancel());
  for (;;) {
    const { value, done } = await reader.read();
    if (done || res.destroyed) break;
    await writeOut(res, value);
  }
  const why = cut();
  if (why && id !== undefined) {
    const data = { code: why.code, request_id: requestId };
    const error = { jsonrpc: "2.0", id, error: { code: RPC.server, message: why.message, data } };
    writeOn(res, `event: message\ndata: ${JSON.stringify(error)}\n\n`);
  }
  res.end();
}

/** What the SDK refuses by itself, with our code and the request's id beside its own data. */
function withStableCode(text: string, requestId: string): string {
  if (text === "") return text;
  const answer = JSON.parse(text) as { readonly error: { readonly code: number; readonly data?: object } };
  const { error } = answer;
  const data = { code: stableCodeOf(error.code), request_id: requestId, ...error.data };
  return JSON.stringify({ ...answer, error: { ...error, data } });
}

const INTERNAL = `"code":${RPC.internal}`;

/** What the SDK finds wrong with params it calls an internal error, in words of its schema's; it is the caller's. */
function withParamsRefused(text: string, requestId: string): string {
  if (!text.includes(INTERNAL)) return text;
  const answer = JSON.parse(text) as { readonly error?: { readonly code: number; readonly message: string } };
  const [issue] = answer.error?.code === RPC.internal ? issuesIn(answer.error.message) : [];
  if (!issue) return text;
  const message = `The params do not fit: ${issue.path.map(String).join(".").slice(0, 128)}: ${issue.message.slice(0, 200)}.`;
  const error = { code: RPC.invalidParams, message, data: { code: "INVALID_INPUT", request_id: requestId } };
  return JSON.stringify({ ...answer, error });
}

interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function issuesIn(message: string): readonly Issue[] {
  try {
    const issues: unknown = JSON.parse(message);
    return Array.isArray(issues) ? (issues as Issue[]) : [];
  } catch {
    return [];
  }
}
