import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.js";
import { serve } from "../../src/serve.js";
import {
  connectHttp,
  connectModern,
  connectRest,
  connectStdio,
  type Face,
  type Json,
  type Outcome,
  Refused,
} from "../support/faces.js";
import {
  endPrograms,
  environmentOf,
  type Environment,
  MASTER_KEY,
  OWNER_KEY,
  temporaryFolder,
} from "../support/program.js";
import { GITHUB_TOKEN, type GithubStandIn, startGithubStandIn } from "../support/github-stand-in.js";
import type { Call, CallerName, Expected, Made } from "./call.js";
import { type Chapter, table } from "./table.js";
import { script } from "./with-a-model.js";

/** An empty store for one server. */
export interface EmptyStore {
  readonly address: string;
  close(): Promise<void>;
}

const FACES = ["rest", "streamable", "sse", "modern", "stdio"] as const;
type FaceName = (typeof FACES)[number];

/** One server with everybody who calls it. */
interface Stage {
  call(call: Call, made: Made): Promise<Outcome>;
  close(): Promise<void>;
}

/** Puts the table through every face, each time on a new server over an empty store, and compares the answers. */
export function paritySuite(emptyStore: (home: string) => Promise<EmptyStore>): void {
  let model: LLMock;
  let github: GithubStandIn;
  beforeAll(async () => {
    github = await startGithubStandIn();
    model = await LLMock.create({ port: 0 });
    script(model);
  });
  afterAll(async () => {
    await model.stop();
    await github.stop();
  });

  describe.each(table)("$title", (chapter) => {
    const transcripts = new Map<FaceName, Map<string, unknown>>();

    describe.each(FACES)("through %s", (face) => {
      const transcript = new Map<string, unknown>();
      const made: Record<string, Json> = {};
      let stage: Stage;
      beforeAll(async () => {
        transcripts.set(face, transcript);
        const home = await temporaryFolder();
        const store = await emptyStore(home);
        const env = settings(chapter, store.address, { model: model.url, github: github.url });
        const opened =
          face === "stdio"
            ? await stdioStage(home, { CLANKER_PUBLIC_URL: "https://clanker.example", ...env })
            : await httpStage(face, home, env);
        const close = () => opened.close().finally(() => store.close());
        stage = { ...opened, close };
      });
      afterAll(async () => {
        await stage?.close();
        await endPrograms();
      });

      it.each(chapter.calls.filter((call) => face !== "stdio" || call.as === "owner"))("$title", async (call) => {
        const outcome = await settle(stage, call, made);
        if (call.keep !== undefined && "answer" in outcome) made[call.keep] = outcome.answer;
        requireExpected(outcome, (face === "rest" ? undefined : call.overMcp) ?? call.expected, made);
        if (call.overMcp === undefined) transcript.set(call.title, comparable(call, outcome));
      });
    });

    it.each(FACES.slice(1))("is the same through %s as over REST", (face) => {
      const overRest = transcripts.get("rest");
      const told = transcripts.get(face);
      expect(told?.size).toBeGreaterThan(chapter.calls.length / 2);
      for (const [title, outcome] of told ?? []) expect(outcome, title).toEqual(overRest?.get(title));
    });
  });
}

function settings(
  { model, github, settings: own }: Chapter,
  store: string,
  urls: { readonly model: string; readonly github: string },
): Environment {
  return {
    PORT: "0",
    CLANKER_LOG_LEVEL: "silent",
    CLANKER_STORE: store,
    CLANKER_OWNER_KEY: OWNER_KEY,
    CLANKER_MASTER_KEY: MASTER_KEY,
    ...(model && {
      CLANKER_MODEL: "openai-compatible/scripted",
      OPENAI_BASE_URL: urls.model,
      ANTHROPIC_BASE_URL: urls.model,
    }),
    ...(github && { GITHUB_TOKEN, GITHUB_API_URL: urls.github }),
    ...own,
  };
}

async function stdioStage(home: string, env: Environment): Promise<Stage> {
  const face = await connectStdio(home, env);
  return { call: (call, made) => put(face, call, made), close: () => face.close() };
}

async function httpStage(name: Exclude<FaceName, "stdio">, home: string, env: Environment): Promise<Stage> {
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const { url, app, close } = await serve(readConfig(environmentOf(home, env)), log);
  const keys = await keysOf(app.services.keys);
  const open = (key: string | undefined): Promise<Face> => {
    if (name === "rest") return Promise.resolve(connectRest(url, key));
    return name === "modern" ? connectModern(url, key) : connectHttp(name, url, key);
  };
  const faces = new Map<CallerName, Promise<Face>>();
  const faceOf = (caller: CallerName) => {
    const face = faces.get(caller) ?? open(keys[caller]);
    faces.set(caller, face);
    return face;
  };
  const agent = await connectHttp("streamable", url, keys.owner);
  return {
    async call(call, made) {
      try {
        return await put(call.by === "agent" ? agent : await faceOf(call.as), call, made);
      } catch (thrown) {
        if (!(thrown instanceof Refused)) throw thrown;
        return { code: thrown.code, message: thrown.message };
      }
    },
    async close() {
      await agent.close();
      for (const face of await Promise.allSettled(faces.values())) {
        if (face.status === "fulfilled") await face.value.close();
      }
      await close();
    },
  };
}

type Keys = Awaited<ReturnType<typeof serve>>["app"]["services"]["keys"];

async function keysOf(keys: Keys): Promise<Record<CallerName, string | undefined>> {
  const make = (name: string, more: object = {}) => keys.create(1, 1, { name, ...more });
  const revoked = await make("revoked");
  await keys.revoke(1, revoked.id);
  return {
    owner: OWNER_KEY,
    reader: (await make("reader")).key,
    runner: (await make("runner", { scopes: ["tool:execute"] })).key,
    writer: (await make("writer", { scopes: ["memory:write"] })).key,
    mover: (await make("mover", { scopes: ["*"] })).key,
    nobody: undefined,
    stranger: "ck_0123456789012345678901234567890123456789012",
    revoked: revoked.key,
    expired: (await make("expired", { expiresIn: 0 })).key,
  };
}

function put(face: Face, { operation, args }: Call, made: Made): Promise<Outcome> {
  return face.call(operation, typeof args === "function" ? args(made) : args);
}

/** The call's outcome; the last one where it is to be repeated. */
async function settle(stage: Stage, call: Call, made: Made): Promise<Outcome> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const outcome = await stage.call(call, made);
    if (!call.until || !("answer" in outcome) || call.until(outcome.answer)) return outcome;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(outcome).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function requireExpected(outcome: Outcome, expected: Expected, made: Made): void {
  if ("code" in expected) {
    expect(outcome).toMatchObject({ code: expected.code, message: expect.stringMatching(/^[^\n]{10,600}$/) });
    return;
  }
  const gives = typeof expected.gives === "function" ? expected.gives(made) : expected.gives;
  const given = "bytes" in outcome ? { text: outcome.bytes.toString(), mediaType: outcome.mediaType } : outcome;
  expect("answer" in given ? given.answer : given).toMatchObject(gives);
}

/** Where an answer may differ without meaning anything: times, request ids, and the face that is named in it. */
const VARYING = new Set([
  "created_at",
  "updated_at",
  "installed_at",
  "started_at",
  "finished_at",
  "executionTime",
  "request_id",
  "interface",
  "begin",
  "end",
  "url",
  "state",
  "expires_at",
  "device_code",
  "user_code",
  "link_code",
  "verification_url",
  "verification_url_complete",
  "approval_url",
]);

function comparable(call: Call, outcome: Outcome): unknown {
  if (call.codeOnly) return "code" in outcome ? outcome.code : "an answer";
  return JSON.parse(JSON.stringify(outcome, (name, value: unknown) => (VARYING.has(name) ? "..." : value)));
}
