import { LLMock } from "@copilotkit/aimock";
import { request as httpRequest } from "node:http";
import { listen } from "./listening.js";

/** Anthropic's API with scripted answers, which takes the keys that the test says. */
export interface AnthropicStandIn {
  readonly url: string;
  readonly mock: LLMock;
  /** Keys that are taken. */
  readonly keys: Set<string>;
  /** What every request is answered with in place of what it should. */
  failing: number | undefined;
  /** Method, path and key of each request. */
  readonly asked: { readonly method: string; readonly path: string; readonly key: string }[];
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startAnthropicStandIn(...keys: string[]): Promise<AnthropicStandIn> {
  const mock = await LLMock.create({ port: 0 });
  let stopped: Promise<void> | undefined;
  const door = await listen((request, response) => {
    const { method = "", url: path = "", headers } = request;
    const key = String(headers["x-api-key"]);
    standIn.asked.push({ method, path, key });
    const status = standIn.failing ?? (standIn.keys.has(key) ? undefined : 401);
    if (status !== undefined) {
      request.resume();
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ type: "error", error: { type: "some_error", message: `not with ${key}` } }));
      return;
    }
    const upstream = httpRequest(new URL(path, mock.url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  });
  const standIn: AnthropicStandIn = {
    url: door.url,
    mock,
    keys: new Set(keys),
    failing: undefined,
    asked: [],
    stop: () =>
      (stopped ??= (async () => {
        await door.stop();
        await mock.stop();
      })()),
  };
  return standIn;
}
