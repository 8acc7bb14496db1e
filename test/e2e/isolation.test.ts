import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatId, PREFIXES } from "../../src/core/ids.js";
import type { App } from "../../src/compose.js";
import { type Args, ask, connectHttp, type Json } from "../support/faces.js";
import { endPrograms } from "../support/program.js";
import { serveHere } from "../support/serve-here.js";
import { argumentsFor, type Ids, KINDS, mayNameRecord, namesRecord, withCursors } from "./isolation/arguments.js";
import { type Ended, type Walker, walkMcp, walkRest } from "./isolation/faces.js";
import { noteStep, workflowFolder } from "./workflow-files.js";

/** In every text of the other workspace. */
const CANARY = "canary-of-theirs-5511";
/** In the same places of the caller's own. */
const OWN = "of-mine-0000000000000";

const WORKFLOW = `id: two-notes\ntitle: Two notes\ninputSchema: { type: object, properties: { word: { type: string } } }\nsteps:\n${noteStep("first")}  - { id: approve, after: [first], suspend: { message: Go on? } }\n`;

let server: Awaited<ReturnType<typeof serveHere>>;
let theirs: { workspace: number; key: string };
let theirIds: Ids;
let before: Json;

type Entry = App["registry"]["entries"][number];
const entries = () => server.app.registry.entries;
/** Ids of Clerk's are Clerk's own: one try says whether the caller can be told somebody's. */
const isOwn = ({ operation }: Entry) => !operation.toolset.startsWith("clerk");

beforeAll(async () => {
  server = await serveHere({
    ...(await workflowFolder(WORKFLOW)),
    // Nobody is called: what an operation would ask others is refused at once.
    ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
    GITHUB_API_URL: "http://127.0.0.1:9",
  });
  theirs = await makeWorkspace();
  for (const [key, word] of [
    [await makeKey(1), OWN],
    [theirs.key, CANARY],
  ] as const) {
    await fill(key, word);
  }
  theirIds = await idsOfTheirs();
  before = await dump();
});
afterAll(async () => {
  await server?.close();
  await endPrograms();
});

/** A second workspace with a person of its own. */
async function makeWorkspace() {
  const { store, services } = server.app;
  const workspace = 1 + (await store.increment("sequence:workspace"));
  const person = 1 + (await store.increment("sequence:person"));
  const createdAt = Date.now();
  const insert = { kind: "insert" } as const;
  const made = await store.commit([
    { ...insert, collection: "workspaces", id: `${workspace}`, value: { name: CANARY, slug: CANARY, createdAt } },
    { ...insert, collection: "people", id: `${person}`, value: { name: CANARY, createdAt } },
    { ...insert, collection: `members:${workspace}`, id: `${person}`, value: { role: "owner" } },
    ...(await services.billing.openingChanges(workspace)),
  ]);
  expect(made).toBe(true);
  const { key } = await services.keys.create(workspace, person, { name: CANARY, scopes: ["*", "clerk:secrets"] });
  return { workspace, key };
}

async function makeKey(workspace: number): Promise<string> {
  return (await server.app.services.keys.create(workspace, 1, { name: OWN, scopes: ["*", "clerk:secrets"] })).key;
}

/** Puts the same things into a workspace, with its word in every text: some by hand, the rest by every write there is. */
async function fill(key: string, word: string): Promise<void> {
  const agent = await connectHttp("streamable", server.url, key);
  await ask(agent, "write-memory", { content: `# Notes\n${word}` });
  await ask(agent, "install-skill", { slug: "summarize" });
  for (let run = 0; run < 2; run += 1) {
    const { executionId: id } = await ask(agent, "execute-skill", { slug: "summarize", input: word });
    const artifacts = [{ name: `${word}.txt`, mime_type: "text/plain", content: word }];
    if (run === 0) await ask(agent, "complete-execution", { id, output: word, artifacts });
  }
  await ask(agent, "start-workflow", { id: "two-notes", inputData: { word } });
  await agent.close();
  const walker = walkRest(server.url, key);
  for (const entry of entries().filter(isOwn)) {
    if (entry.operation.effect !== "write" || namesRecord(entry.inputSchema)) continue;
    if (!walker.has(entry)) continue;
    for (const args of argumentsFor(entry.inputSchema, word, "1")) await walker.call(entry, args);
  }
}

/** Every id that was ever given out, but the caller's own: numbers run through all workspaces. */
async function idsOfTheirs(): Promise<Ids> {
  const mine = new Set(JSON.stringify(await dump(server.key)).match(/\b[a-z]+_\d+\b/g));
  mine.add(formatId("workspace", 1)).add(formatId("person", 1));
  const ids = new Map<(typeof KINDS)[number], string[]>();
  for (const kind of KINDS) {
    // The first workspace and the first person are made before any is counted.
    const uncounted = kind === "workspace" || kind === "person" ? 1 : 0;
    const highest = (await server.app.store.counter(`sequence:${kind}`)) + uncounted;
    const all = Array.from({ length: highest }, (_, at) => formatId(kind, at + 1));
    const others = all.filter((id) => !mine.has(id)).slice(-2);
    if (others.length > 0) ids.set(kind, others);
  }
  return ids;
}

/** What a workspace's own people are told of it: every read, with every id of theirs. */
async function dump(key = theirs.key): Promise<Json> {
  const walker = walkRest(server.url, key);
  const told: Record<string, unknown> = {};
  for (const entry of entries().filter((one) => isOwn(one) && walker.has(one))) {
    const { name, effect, route } = entry.operation;
    if (effect !== "read" || route?.produces !== undefined) continue;
    const ids = namesRecord(entry.inputSchema) ? [...(theirIds ?? new Map()).values()].flat() : ["1"];
    for (const id of ids) {
      const [args] = argumentsFor(entry.inputSchema, "x", id);
      const { text, code } = await walker.call(entry, args);
      if (code === undefined) told[`${name} ${id}`] = steady(JSON.parse(text));
    }
  }
  return told;
}

/** Without what changes by being read, or with time. */
function steady(answer: Json): Json {
  const passing = new Set(["last_used_at", "url", "expires_at", "request_id", "executionTime"]);
  return JSON.parse(JSON.stringify(answer, (name, value: unknown) => (passing.has(name) ? undefined : value)));
}

/** The other's ids to call an operation with; Clerk's own are none of a workspace, and one says enough. */
function idsFor(entry: Entry): readonly string[] {
  if (!mayNameRecord(entry.inputSchema)) return ["1"];
  return isOwn(entry) ? [...theirIds.values()].flat() : ["exec_1"];
}

/** Answers that do not tell whether there is such a record. */
const REFUSALS = new Set(["NOT_FOUND", "ACCESS_DENIED", "PERMISSION_REQUIRED", "PERSON_REQUIRED"]);

/** What no call may come to that has a key. */
const UNFIT = /^(INTERNAL|JSON-RPC|AUTH_REQUIRED|KEY_REVOKED|\?)$/;

/** Calls every operation of a face with every id, in every field and as every cursor; answers how many were answered. */
async function walk(walker: Walker): Promise<number> {
  const known = [...theirIds.values()].flat();
  let answered = 0;
  const attack = async (entry: Entry, args: Args, id: string) => {
    const { text, code } = await walker.call(entry, args);
    const about = `${entry.operation.name} ${JSON.stringify(args)}: ${text.slice(0, 500)}`;
    expect(text, about).not.toContain(CANARY);
    // A way in refuses what is no key of its own.
    const refused = entry.operation.scope === "public" ? /^(INTERNAL|JSON-RPC|\?)$/ : UNFIT;
    expect(code ?? "", about).not.toMatch(refused);
    if (code !== undefined) return code;
    answered += 1;
    // What it answers may repeat the id that it was asked for, and none beside; the log has what was asked for before.
    if (entry.operation.toolset === "audit") return "answered";
    for (const other of known)
      if (other !== id) expect(text.includes(`"${other}"`), `${other} in ${about}`).toBe(false);
    return "answered";
  };
  for (const entry of entries().filter((one) => walker.has(one))) {
    const { operation, inputSchema } = entry;
    for (const id of idsFor(entry)) {
      const codes: string[] = [];
      for (const args of argumentsFor(inputSchema, OWN, id)) codes.push(await attack(entry, args, id));
      for (const args of withCursors(inputSchema, OWN, id)) await attack(entry, args, id);
      if (!isOwn(entry) || !namesRecord(inputSchema)) continue;
      const about = `${operation.name} with ${id}: ${codes.join(", ")}`;
      // Fields that exclude each other are refused as such, in some of the calls.
      expect(
        codes.some((code) => REFUSALS.has(code)),
        about,
      ).toBe(true);
      expect(
        codes.filter((code) => !REFUSALS.has(code) && code !== "INVALID_INPUT"),
        about,
      ).toEqual([]);
    }
  }
  return answered;
}

const FACES: [string, (url: string, key: string) => Walker | Promise<Walker>][] = [
  ["REST", walkRest],
  ["MCP over Streamable HTTP", (url, key) => walkMcp("streamable", url, key)],
  ["MCP over HTTP+SSE", (url, key) => walkMcp("sse", url, key)],
  ["MCP in 2026-07-28", (url, key) => walkMcp("2026-07-28", url, key)],
  // Not stdio: it is the owner of one home, and there is no other workspace's id that it could be asked for.
];

describe("P01: two workspaces with the same data", () => {
  it("have something to find in them", () => {
    for (const kind of ["execution", "artifact", "key", "workspace", "person", "run"] as const) {
      expect(theirIds.get(kind)?.length, PREFIXES[kind]).toBeGreaterThan(0);
    }
    expect(JSON.stringify(before).split(CANARY).length).toBeGreaterThan(5);
    expect(Object.keys(before).length).toBeGreaterThan(15);
  });

  it("are attacked with arguments that fit every operation", () => {
    const unfit = entries()
      .filter((entry) => isOwn(entry) && namesRecord(entry.inputSchema))
      .filter(({ operation, inputSchema }) =>
        argumentsFor(inputSchema, OWN, "1").every((args) => !operation.input.safeParse(args).success),
      );
    expect(unfit.map(({ operation }) => operation.name)).toEqual([]);
  });

  it.each(FACES)(
    "%s: every operation finds nothing by the other's ids, and changes nothing",
    async (_name, connect) => {
      const key = await makeKey(1);
      const walker = await connect(server.url, key);
      expect(await walk(walker)).toBeGreaterThan(10);
      const { client } = walker;
      for (const id of client ? (theirIds.get("artifact") ?? []) : []) {
        await expect(client?.readResource({ uri: `clanker://artifacts/${id}` })).rejects.toThrow(
          /no artifact|not found/i,
        );
      }
      if (client) expect(JSON.stringify(await client.listResources())).not.toContain(CANARY);
      await walker.close();
      const still = await fetch(`${server.url}/api/v1/memory`, { headers: { "x-api-key": key } });
      expect(still.status, "the caller's own key still works").toBe(200);
      expect(await dump()).toEqual(before);
    },
    120_000,
  );

  it("a key of one is never taken for the other by naming it in a header or the query", async () => {
    const headers = { "x-api-key": server.key, "x-workspace-id": formatId("workspace", theirs.workspace) };
    for (const path of ["/api/v1/memory", "/api/v1/workspaces/current", "/api/v1/executions"]) {
      const answer = await fetch(server.url + path, { headers });
      expect(await answer.text()).not.toContain(CANARY);
    }
  });

  it("an event of one reaches no stream of the other", async () => {
    const heard = walkRest(server.url, server.key);
    const events = entries().find(({ operation }) => operation.route?.path === "/api/events");
    if (!events) throw new Error("there is no stream of events");
    const listening = heard.call(events, {});
    await walkRest(server.url, theirs.key).call(entryOf("write-memory"), { content: `${CANARY} again` });
    const { text }: Ended = await listening;
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain("memory-updated");
  });
});

function entryOf(name: string): Entry {
  const found = entries().find(({ operation }) => operation.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}
