import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { BinaryAnswer, StreamAnswer, type StreamEvent } from "../../../src/core/answer.js";
import type { Authenticate } from "../../../src/core/authenticate.js";
import { AppError, type ErrorCode, ERRORS } from "../../../src/core/errors.js";
import { idInput } from "../../../src/core/ids.js";
import { createInvoke } from "../../../src/core/invoke.js";
import type { Log } from "../../../src/core/log.js";
import { defineFor } from "../../../src/core/operation.js";
import { pageInput, pageOf } from "../../../src/core/page.js";
import { createRegistry } from "../../../src/core/registry.js";
import * as stages from "../../../src/core/stages.js";
import { createGuard } from "../../../src/faces/guard.js";
import { createRestFace } from "../../../src/faces/rest/app.js";
import type { Pages } from "../../../src/faces/rest/pages.js";

/** What the catalogue below works with: what was called, and what to answer. */
export interface Desk {
  readonly calls: { operation: string; input: unknown; ip: string | undefined }[];
  file: BinaryAnswer;
  events: (signal: AbortSignal) => AsyncIterable<StreamEvent>;
  waiting: (signal: AbortSignal) => Promise<unknown>;
}

const define = defineFor<Desk>();
const codes = Object.keys(ERRORS) as ErrorCode[];
const noted =
  (operation: string) =>
  async (input: unknown, { services, caller }: { services: Desk; caller: { ip?: string } }) => {
    services.calls.push({ operation, input, ip: caller.ip });
    return { operation, input };
  };

/** A small catalogue with one operation for each thing a REST route can be. */
export const catalogue = [
  define({
    tool: "get-skill",
    route: { method: "GET", path: "/api/v1/skills/:slug" },
    toolset: "skills",
    title: "Get a skill",
    description: "One skill of the marketplace.",
    effect: "read",
    scope: "public",
    input: z.strictObject({ slug: z.string() }),
    errors: ["NOT_FOUND"],
    run: noted("get-skill"),
  }),
  define({
    tool: "list-categories",
    route: { method: "GET", path: "/api/v1/skills/categories" },
    toolset: "skills",
    title: "List categories",
    description: "Categories with their counts.",
    effect: "read",
    scope: "public",
    input: z.strictObject({}),
    output: z.object({ operation: z.string(), input: z.object({}) }),
    errors: [],
    run: noted("list-categories"),
  }),
  define({
    tool: "list-skills",
    route: { method: "GET", path: "/api/v1/skills" },
    toolset: "skills",
    title: "List skills",
    description: "All skills.",
    effect: "read",
    scope: "none",
    input: z.strictObject({
      ...pageInput,
      tags: z.array(z.string()).optional().describe("Only those with all of these"),
      exact: z.boolean().optional(),
      search: z.string().optional(),
    }),
    errors: ["INVALID_CURSOR"],
    run: noted("list-skills"),
  }),
  define({
    tool: "execute-skill",
    route: { method: "POST", path: "/api/v1/skills/:slug/run", omit: ["wait_seconds"] },
    toolset: "skills",
    title: "Run a skill",
    description: "Starts a run.",
    effect: "write",
    audit: { action: "execution.create", resource: "execution" },
    scope: "tool:execute",
    idempotent: true,
    input: z.strictObject({
      slug: z.string(),
      input: z.string(),
      extra: z.record(z.string(), z.unknown()).optional(),
      wait_seconds: z.int().min(0).max(50).optional(),
    }),
    errors: ["NOT_FOUND", "SKILL_NOT_INSTALLED", "INSUFFICIENT_CREDITS"],
    run: noted("execute-skill"),
  }),
  define({
    tool: "install-skill",
    route: { method: "POST", path: "/api/v1/skills/:slug/install" },
    toolset: "skills",
    title: "Install a skill",
    description: "Installs it.",
    effect: "write",
    audit: { action: "skill.install", resource: "skill" },
    scope: "tool:execute",
    input: z.strictObject({ slug: z.string() }),
    errors: ["NOT_FOUND"],
    run: noted("install-skill"),
  }),
  define({
    tool: "list-artifacts",
    route: { method: "GET", path: "/api/v1/artifacts" },
    toolset: "artifacts",
    title: "List artifacts",
    description: "Files that runs made.",
    effect: "read",
    scope: "workspace:files:read",
    input: z.strictObject(pageInput),
    output: pageOf(z.object({ id: z.string(), size: z.int().nullable() })),
    errors: ["INVALID_CURSOR"],
    run: async () => ({ data: [], first_id: null, last_id: null, has_more: false }),
  }),
  define({
    tool: "delete-artifact",
    route: { method: "DELETE", path: "/api/v1/artifacts/:id" },
    toolset: "artifacts",
    title: "Delete an artifact",
    description: "For good.",
    effect: "destroy",
    audit: { action: "artifact.delete", resource: "artifact" },
    scope: "workspace:files:write",
    input: z.strictObject({ id: idInput("artifact"), force: z.boolean().optional() }),
    errors: ["NOT_FOUND"],
    run: noted("delete-artifact"),
  }),
  define({
    tool: "download-artifact",
    route: {
      method: "GET",
      path: "/api/v1/artifacts/:id/download",
      produces: "application/octet-stream",
      auth: "signed-link",
    },
    toolset: "artifacts",
    title: "Download an artifact",
    description: "Its bytes.",
    effect: "read",
    scope: "workspace:files:read",
    input: z.strictObject({ id: idInput("artifact") }),
    errors: ["NOT_FOUND"],
    run: async (_input, { services }) => services.file,
  }),
  define({
    name: "events",
    route: { method: "GET", path: "/api/events", produces: "text/event-stream", auth: "query-key" },
    toolset: "executions",
    title: "Follow events",
    description: "Server-sent events.",
    effect: "read",
    scope: "none",
    input: z.strictObject({ sources: z.string().optional(), last_event_id: z.string().optional() }),
    errors: [],
    run: async (input, context) => {
      await noted("events")(input, context);
      return new StreamAnswer(context.services.events(context.signal));
    },
  }),
  define({
    tool: "keep-secret",
    route: { method: "PUT", path: "/api/v1/secrets/:id" },
    toolset: "secrets",
    title: "Keep a secret",
    description: "Owner only.",
    effect: "write",
    audit: { action: "secret.update", resource: "secret" },
    scope: "owner",
    input: z.strictObject({ id: idInput("secret"), value: z.string() }),
    errors: ["NOT_FOUND"],
    run: noted("keep-secret"),
  }),
  define({
    tool: "run-action",
    route: { method: "POST", path: "/api/v1/connectors/:app/actions" },
    toolset: "connectors",
    title: "Run an action",
    description: "Its scope depends on the app.",
    effect: "write",
    audit: { action: "connector.run", resource: "connector" },
    scope: {
      of: ({ app }) => `connector:${app}:exec`,
      among: ["connector:gmail:exec", "connector:github:exec"],
    },
    input: z.strictObject({ app: z.enum(["gmail", "github"]) }),
    errors: ["UPSTREAM_FAILED"],
    run: noted("run-action"),
  }),
  define({
    name: "wait",
    route: { method: "POST", path: "/api/v1/wait" },
    toolset: "executions",
    title: "Wait",
    description: "Until the caller leaves.",
    effect: "read",
    scope: "none",
    input: z.strictObject({}),
    errors: ["TIMEOUT"],
    run: async (_input, { services, signal }) => services.waiting(signal),
  }),
  define({
    name: "fail",
    route: { method: "POST", path: "/api/v1/fail" },
    toolset: "executions",
    title: "Fail",
    description: "With the code asked for.",
    effect: "read",
    scope: "public",
    input: z.strictObject({ code: z.enum(["surprise", ...codes]) }),
    errors: codes,
    run: async ({ code }) => {
      if (code === "surprise") throw new Error("secret path /srv/clanker/store.db");
      throw new AppError(code, `This is ${code}.`, { details: { hint: 1 }, cause: new Error("hidden") });
    },
  }),
];

/** A person is signed in with this one. */
const SESSION_TOKEN = "cs_of-the-tests";

const SCOPES: Readonly<Record<string, readonly string[]>> = {
  "owner-key": ["*"],
  "reader-key": ["workspace:files:read"],
};

const authenticate: Authenticate = async (key, origin) => {
  const nobody = { kind: "anonymous", workspace: 0, person: 0, scopes: new Set<string>(), ...origin } as const;
  if (key === undefined) return nobody;
  if (key === "old-key") throw new AppError("KEY_REVOKED", "This key was revoked; ask for another.");
  const scopes = SCOPES[key];
  if (!scopes) throw new AppError("AUTH_REQUIRED", "This key is unknown; check it.");
  return { ...nobody, kind: "key", workspace: 1, person: 1, scopes: new Set(scopes) };
};

/** Starts the real core and the REST face over the catalogue, on a free port, until the test ends. */
export async function openDoor(
  options: { maxBody?: number; trustProxy?: number; ready?: () => Promise<void>; pages?: Pages } = {},
) {
  const lines: { level: string; fields: object; message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const desk: Desk = {
    calls: [],
    file: new BinaryAnswer(Buffer.from("hello"), "text/plain", "hello.txt"),
    events: async function* () {},
    waiting: async () => ({}),
  };
  const presented: string[] = [];
  const registry = createRegistry(catalogue);
  const invoke = createInvoke<Desk>([
    stages.mapErrors(log),
    stages.auditLog(log, Date.now),
    stages.find(registry),
    stages.authorise(),
    stages.parse(),
    stages.checkOutput(),
    stages.run(desk, log),
  ]);
  let made = 0;
  const face = createRestFace({
    registry,
    invoke,
    guard: createGuard({}),
    authenticate(key, origin) {
      presented.push(String(key));
      return authenticate(key, origin);
    },
    authenticateSession: (token, workspace, origin) =>
      token === SESSION_TOKEN
        ? Promise.resolve({
            kind: "session",
            session: "one",
            workspace: workspace === undefined ? 1 : Number(workspace),
            person: 1,
            scopes: new Set(["*"]),
            ...origin,
          })
        : Promise.reject(new AppError("AUTH_REQUIRED", "This session has ended; sign in again.")),
    csrfToken: ({ session }) => `csrf of ${session}`,
    linkCaller: (path, query, origin) =>
      query.get("signature") === `signed:${path}`
        ? { kind: "key", workspace: 1, person: 1, scopes: new Set(["workspace:files:read"]), ...origin }
        : undefined,
    chooseClerkAccount: (caller) => caller,
    ready: options.ready ?? (async () => undefined),
    log,
    maxBody: options.maxBody ?? 4096,
    trustProxy: options.trustProxy ?? 0,
    skillDocument: () => "# Skill",
    openApi: () => ({ openapi: "3.1.0" }),
    pages: options.pages ?? { document: undefined, assets: new Map() },
    newRequestId: () => `req_${(made += 1)}`,
  });
  const server = createServer(face.handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => close(server));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    desk,
    lines,
    /** The keys that were looked up. */
    presented,
    /** A request with the owner's key unless `headers` name another. */
    ask: (path: string, init: RequestInit = {}) =>
      fetch(url + path, { ...init, headers: { "x-api-key": "owner-key", ...(init.headers as object) } }),
    /** A request without any key. */
    askPlainly: (path: string, init: RequestInit = {}) => fetch(url + path, init),
    post(path: string, body: unknown, headers: Record<string, string> = {}) {
      return this.ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    },
    /** Bytes onto the wire as they are, for what no client sends; answers what came back until the end or `enough`. */
    wire: (request: string, enough = /\r\n\r\n/) => wire(port, request, enough),
  };
}

/** The code of an error answer, whichever its form. */
export async function codeOf(response: Response): Promise<unknown> {
  const { error } = (await response.json()) as { error: string | { code: string } };
  return typeof error === "string" ? error : error.code;
}

function wire(port: number, request: string, enough: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (enough.test(text)) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
