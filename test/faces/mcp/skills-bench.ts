import {
  Client,
  ReadBuffer,
  serializeMessage,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import type { SkillFilesPort } from "../../../src/faces/mcp/skills-extension.js";
import { serveStdio } from "../../../src/faces/mcp/stdio.js";
import { createEvents } from "../../../src/services/events.js";
import { loadPacks } from "../../../src/services/marketplace/load-packs.js";
import { createMarketplace } from "../../../src/services/marketplace/marketplace.js";
import { createSkills } from "../../../src/services/skills.js";
import { createMemoryStore } from "../../../src/store/memory.js";
import { packFolder, skill, warnings } from "../../services/marketplace/pack-folders.js";
import { callerWith, createProgram, serveHttp } from "./workbench.js";

const SHIPPED = fileURLToPath(new URL("../../../skills", import.meta.url));

/** A SKILL.md whose name is its folder's. */
export const named = (name: string, front: Record<string, unknown> = {}): string => skill({ name, ...front });

/** The real skills service over the packs that ship and those given, and an HTTP server with official clients. */
export async function serveSkills(files: Record<string, string | Uint8Array> = {}) {
  const { folder, remove } = await packFolder(files);
  const { log, lines } = warnings();
  const packs = await loadPacks({ folders: [SHIPPED, folder], log });
  const store = createMemoryStore();
  const events = createEvents(store);
  const skills = createSkills({ store, marketplace: createMarketplace(packs), events, now: Date.now });
  const port: SkillFilesPort = { installed: (workspace) => skills.packs(workspace), find: skills.find };
  const http = await serveHttp({ skills: port, events, log });
  const ends: (() => Promise<unknown>)[] = [];

  return {
    ...http,
    skills,
    lines,
    packs,
    async installAll(workspace = 1) {
      for (const { slug } of packs) await skills.install(workspace, slug);
    },
    /** A client of 2026-07-28 over HTTP. */
    async modern(key = "key-of-ada", headers: Record<string, string> = {}) {
      const requestInit = { headers: { "x-api-key": key, ...headers } };
      const client = modernClient();
      await client.connect(new StreamableHTTPClientTransport(new URL(`${http.base}/mcp`), { requestInit }));
      ends.push(() => client.close());
      return client;
    },
    /** The same over stdio, as the owner of workspace 1. */
    async stdio() {
      const program = createProgram();
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const caller = callerWith({ kind: "local" });
      const served = serveStdio({ ...program.options, skills: port, events, log, caller, stdin, stdout });
      const client = modernClient();
      await client.connect(overPipes(stdout, stdin));
      ends.push(async () => {
        await client.close();
        await served;
        await program.close();
      });
      return client;
    },
    async close() {
      for (const end of ends) await end();
      await http.close();
      await store.close();
      await remove();
    },
  };
}

export type SkillsBench = Awaited<ReturnType<typeof serveSkills>>;

const modernClient = () =>
  new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });

function overPipes(input: PassThrough, output: PassThrough): Transport {
  const buffer = new ReadBuffer();
  const transport: Transport = {
    async start() {
      input.on("data", (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
          transport.onmessage?.(message);
        }
      });
    },
    async send(message) {
      output.write(serializeMessage(message));
    },
    async close() {
      output.end();
      transport.onclose?.();
    },
  };
  return transport;
}
