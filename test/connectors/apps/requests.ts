import type { App } from "../../../src/connectors/app.js";
import type { Reply } from "../../support/listening.js";
import type { Arrived, Recorder } from "../../support/clerk-recorder.js";
import { act, apiAt } from "./acting.js";

/** What of a request decides what a provider does. */
export interface Asked {
  readonly method: string;
  /** With %2F and %2C as the characters they stand for: clients differ in these and providers take both. */
  readonly path: string;
  readonly query: readonly string[];
  readonly body: unknown;
}

/** An action, its arguments and how the provider's own client says the same. */
export interface Case {
  readonly action: string;
  readonly input: object;
  /** The provider's answers in turn; the last one answers whatever comes after. */
  readonly replies?: readonly unknown[];
}

/** What arrived, in a form in which two clients can be compared. */
function asked(arrived: readonly Arrived[]): Asked[] {
  return arrived.map(({ method, path, query, bytes, headers }) => ({
    method,
    path: decodeURIComponent(path),
    query: [...query].map(([name, value]) => `${name}=${value}`).sort(),
    body: contentOf(bytes, headers["content-type"] ?? ""),
  }));
}

function contentOf(bytes: Buffer, type: string): unknown {
  if (bytes.length === 0) return undefined;
  const boundary = /^multipart\/related; *boundary="?([^";]+)/.exec(type)?.[1];
  if (boundary === undefined) return JSON.parse(bytes.toString());
  const parts = bytes.toString().split(`--${boundary}`).slice(1, -1);
  return parts.map((part) => {
    const [head = "", content = ""] = part.split("\r\n\r\n");
    const type = /content-type: *([^;\r]+)/i.exec(head)?.[1];
    return type === "application/json" ? JSON.parse(content) : { type, content: content.replace(/\r\n$/, "") };
  });
}

/** Has the recorder answer in turn. */
function answering(recorder: Recorder, replies: readonly unknown[] = []) {
  let at = 0;
  const reply = (): Reply => ({ body: replies[Math.min(at++, replies.length - 1)] ?? {} });
  recorder.answer(reply);
}

/** What an action asks a provider for. */
export async function askedBy(app: App, recorder: Recorder, { action, input, replies }: Case): Promise<Asked[]> {
  answering(recorder, replies);
  await act(app, action, input, apiAt(app, recorder.url));
  return asked(recorder.arrived);
}

/** What another client asks it for. */
export async function askedByClient(recorder: Recorder, calls: () => Promise<unknown>, replies?: readonly unknown[]) {
  answering(recorder, replies);
  await calls();
  return asked(recorder.arrived);
}
