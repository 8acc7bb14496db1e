import { afterAll, beforeAll, expect, it } from "vitest";
import { callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer, until } from "../../support/program.js";
import { type ScriptedModel, scriptedModel } from "../../support/scripted-model.js";

const HOSTILE = `<img src=x onerror="globalThis.struck=1"><script>globalThis.struck=1</script>`;
const named = (field: string) => `${HOSTILE} \u202e\u200b${field}`;
/** What stands on a page for it: whatever turns the reading around or hides is seen. */
const shown = (field: string) => `${HOSTILE} \u27e8U+202E\u27e9\u27e8U+200B\u27e9${field}`;

const FILE_NAME = "<img src=x onerror=struck=1>.md";

let linkCode = "";
let userCode = "";
let model: ScriptedModel;
let server: Server;
let browser: PagesBrowser;
beforeAll(async () => {
  model = await scriptedModel();
  const file = { name: FILE_NAME, mime_type: "text/html", content: named("file") };
  const about = (hasToolResult: boolean) => ({ userMessage: "input", hasToolResult });
  model.mock.on(about(false), { toolCalls: [{ name: "write_file", arguments: file }] });
  model.mock.on(about(true), { content: named("output") });
  [server, browser] = await Promise.all([startServer({ env: model.env }), openPages()]);
  await seed();
  await signIn(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await model?.stop();
  await endPrograms();
});

async function seed(): Promise<void> {
  const call = <T = Record<string, string>>(method: string, path: string, body?: unknown) =>
    callApi<T>(server, method, path, body);
  await call("PATCH", "/api/v1/profile", { name: named("person") });
  await call("PUT", "/api/v1/memory", { content: named("memory"), mode: "replace" });
  await call("POST", "/api/v1/workspaces", { name: named("workspace"), slug: "hostile" });
  const { key = "" } = await call("POST", "/api/v1/api-keys", { name: named("key") });
  const asking = { requestedScopes: ["tool:execute", "memory:write"] };
  const words = { agentDisplayName: named("agent"), reason: named("reason") };
  const agent = { url: server.url, key };
  ({ link_code: linkCode = "" } = await callApi(agent, "POST", "/api/v1/agents/connect", { ...asking, ...words }));
  ({ user_code: userCode = "" } = await call("POST", "/api/v1/activate", { client_label: named("device") }));
  await call("POST", "/api/v1/skills/summarize/install");
  const run = { input: named("input"), interface: "api" };
  const { executionId } = await call("POST", "/api/v1/skills/summarize/run", run);
  await until(async () => {
    const { status } = await call("GET", `/api/v1/executions/${executionId}/status`);
    return status === "completed";
  });
}

async function expectNothingRan(where: string): Promise<void> {
  expect(await browser.page.locator('img[src="x"], #page script').count(), where).toBe(0);
  expect(await browser.page.evaluate(() => (globalThis as { struck?: number }).struck), where).toBeUndefined();
}

it("P56, P45: what agents and people have stored shows as text, nothing hidden, in every place", async () => {
  const places: readonly (readonly [path: string, ...fields: string[]])[] = [
    ["/", "agent", "person"],
    ["/library", "memory"],
    ["/settings?part=keys", "key"],
    ["/settings?part=members", "person"],
    ["/settings?part=agents", "agent", "key"],
    ["/approvals", "agent", "key"],
    [`/approvals?code=${linkCode}`, "agent", "key", "reason"],
    [`/activate?code=${userCode}`, "device"],
    ["/executions?id=exec_1", "output"],
    ["/artifacts?id=art_1", "file"],
  ];
  for (const [path, ...fields] of places) {
    await browser.page.goto(server.url + path);
    for (const field of fields) await browser.page.locator("main").getByText(shown(field)).first().waitFor();
    await expectNothingRan(path);
  }
});

it("P56: a file's name and a workspace's name show as text", async () => {
  await browser.page.goto(`${server.url}/artifacts`);
  await browser.page.getByText(FILE_NAME.replaceAll(/[<>]/g, "")).waitFor();
  await browser.page.goto(server.url);
  await browser.page.getByLabel("Workspace", { exact: true }).selectOption({ label: shown("workspace") });
  await browser.page.getByRole("heading", { level: 1, name: shown("workspace") }).waitFor();
  await expectNothingRan("/");
  expect(browser.faults).toEqual([]);
});

it("P56: an address cannot put markup or a script into a page", async () => {
  const hostile = encodeURIComponent(HOSTILE);
  for (const path of [
    `/approvals?code=${hostile}`,
    `/executions?id=${hostile}`,
    `/skills?skill=${hostile}`,
    `/activate?code=${hostile}`,
  ]) {
    await browser.page.goto(server.url + path);
    await browser.page.getByRole("heading", { level: 1 }).or(browser.page.getByRole("alert")).first().waitFor();
    await expectNothingRan(path);
  }
});
