import { LLMock } from "@copilotkit/aimock";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { type Environment, until } from "./program.js";

/** A model API with scripted answers, and how the program is told of it. */
export interface ScriptedModel {
  readonly mock: LLMock;
  readonly env: Environment;
  /** Says a word every so many milliseconds, for longer than any test waits. */
  slowly(input: string, ms?: number): void;
  /** Resolves when a request has lost its caller before its answer was complete, and forgets it. */
  hungUp(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one on a free port; the scripted answers go through a door that sees callers leave. */
export async function scriptedModel(): Promise<ScriptedModel> {
  const mock = await LLMock.create({ port: 0 });
  let lost = 0;
  const door = createServer((req, res) => {
    const { method, headers, url } = req;
    const upstream = httpRequest(new URL(url ?? "/", mock.url), { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      answer.on("error", () => undefined);
    });
    upstream.on("error", () => undefined);
    res.on("close", () => {
      if (!res.writableFinished) lost += 1;
      upstream.destroy();
    });
    req.pipe(upstream);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  return {
    mock,
    env: {
      CLANKER_MODEL: "openai-compatible/scripted",
      OPENAI_BASE_URL: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    },
    slowly(input, ms = 100) {
      mock.onMessage(input, { content: "word ".repeat(5000) }, { chunkSize: 5, latency: ms });
    },
    async hungUp() {
      await until(() => lost > 0, 5000);
      lost = 0;
    },
    async stop() {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
      await mock.stop();
    },
  };
}
