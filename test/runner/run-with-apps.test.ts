import { onTestFinished, describe, expect, it } from "vitest";
import { GITHUB_TOKEN, startGithubStandIn } from "../support/github-stand-in.js";
import { invokeOver, MINE, openServices, refusal } from "../support/services.js";
import { scriptedModel, startRunner } from "./run-bench.js";

const repository = (repo: string, more: object = {}) => ({ type: "github" as const, fields: { repo, ...more } });
const remote = { type: "remote" as const, fields: {} };
const asked = (has: boolean) => ({ userMessage: "report", hasToolResult: has });

async function github() {
  const standIn = await startGithubStandIn();
  onTestFinished(() => standIn.stop());
  return { standIn, providers: { GITHUB_TOKEN, GITHUB_API_URL: standIn.url } };
}

describe("a run on a repository", () => {
  it("is given its files between marks, hidden characters made visible (P44, P45)", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const { providers } = await github();
    const { start, finished } = await startRunner({ model, providers });
    await start("summarize", { connector: repository("octo/alpha") });
    expect(await finished()).toMatchObject({ status: "completed" });
    const sent = JSON.stringify(mock.getLastRequest()?.body);
    expect(sent).toContain("export const answer = 42;");
    expect(sent).toContain("Hidden: \u27E8U+202E\u27E9\u27E8U+200B\u27E9.");
    expect(sent).toContain("Left out as binary: 1.");
    expect(sent).toMatch(/comes from github \(.*octocat.*\).*<untrusted ([0-9a-f-]{36})>.*# Alpha.*<\/untrusted \1>/);
  });

  it("may be on a part of it", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const { providers } = await github();
    const { start, finished } = await startRunner({ model, providers });
    await start("summarize", { connector: repository("octo/alpha", { path: "README.md", ref: "dev" }) });
    await finished();
    const sent = JSON.stringify(mock.getLastRequest()?.body);
    expect(sent).toContain("# Alpha");
    expect(sent).not.toContain("answer = 42");
  });

  it.each([
    ["octo/missing", "NOT_FOUND"],
    ["octo/forbidden", "ACCESS_DENIED"],
    ["octo/limited", "RATE_LIMITED"],
    ["octo/broken", "UPSTREAM_FAILED"],
  ])("fails where %s cannot be read, before the model is called", async (repo, code) => {
    const { mock, model } = await scriptedModel();
    const { providers } = await github();
    const { start, finished, debits } = await startRunner({ model, providers, credits: 50 });
    await start("summarize", { connector: repository(repo) });
    expect(await finished()).toMatchObject({ status: "failed", error: { code } });
    expect(mock.getLastRequest()).toBeNull();
    expect(await debits()).toEqual([]);
  });

  it.each<[string, object, "TOOL_NOT_CONNECTED" | "INVALID_INPUT"]>([
    ["GitHub is not connected", {}, "TOOL_NOT_CONNECTED"],
    ["the repository is not named", { fields: {} }, "INVALID_INPUT"],
    ["it is no repository", { fields: { repo: "../x" } }, "INVALID_INPUT"],
    ["it leads elsewhere", { fields: { repo: "octo/.." } }, "INVALID_INPUT"],
    ["there is another field", { fields: { repo: "octo/alpha", branch: "x" } }, "INVALID_INPUT"],
  ])("is refused where %s, and nothing is created", async (title, change, code) => {
    const { model } = await scriptedModel();
    const { providers } = await github();
    const connected = title === "GitHub is not connected" ? {} : { providers };
    const { start, services } = await startRunner({ model, ...connected });
    const connector = { ...repository("octo/alpha"), ...change };
    await expect(start("summarize", { connector })).rejects.toEqual(refusal(code));
    expect((await services.executions.list(MINE, { limit: 1 })).data).toEqual([]);
  });
});

describe("a run with the connected apps", () => {
  it("looks things up with their read actions, and keeps what it asked for as tool blocks", async () => {
    const { mock, model } = await scriptedModel();
    const call = { name: "github_list_issues", arguments: { repository: "octo/alpha" } };
    mock.on(asked(false), { content: "Let me look.", toolCalls: [call] });
    mock.on(asked(true), { content: "One issue." });
    const { standIn, providers } = await github();
    const { start, finished } = await startRunner({ model, providers });
    await start("summarize", { connector: remote });
    const { status, outputBlocks } = await finished();
    expect(status).toBe("completed");
    expect(outputBlocks.map(({ type }) => type)).toEqual(["text", "tool", "text"]);
    expect(outputBlocks[1]).toMatchObject({
      name: "github_list_issues",
      text: expect.stringMatching(/^\{"repository":"octo\/alpha"\}: \d+ characters$/) as string,
    });
    expect(standIn.received.map(({ target }) => target.split("?")[0])).toContain("/repos/octo/alpha/issues");
    const last = mock.getLastRequest()?.body as { messages: { role: string; content: unknown }[] };
    const given = JSON.stringify(last.messages.find(({ role }) => role === "tool")?.content);
    expect(given).toMatch(/<untrusted ([0-9a-f-]{36})>.*A ⟨U\+202E⟩title.*<\/untrusted> ignore.*<\/untrusted \1>/);
  });

  it("is offered what reads and nothing that writes, in the schemas that are published", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const { providers } = await github();
    const { start, finished } = await startRunner({ model, providers });
    await start("summarize", { connector: remote });
    await finished();
    const { tools = [] } = mock.getLastRequest()?.body as {
      tools?: { function: { name: string; parameters: object } }[];
    };
    const names = tools.map((tool) => tool.function.name);
    expect(names).toContain("github_get_issue");
    expect(names).toContain("write_file");
    expect(names.filter((name) => !name.startsWith("github_") && name !== "write_file")).toEqual([]);
    expect(names.filter((name) => /create|update|delete|close|merge|comment_on|add_/.test(name))).toEqual([]);
    expect(JSON.stringify(tools)).not.toMatch(/"\$ref"|"anyOf"|"oneOf"/);
  });

  it("goes on where a look-up fails, and tells the model why", async () => {
    const { mock, model } = await scriptedModel();
    const call = { name: "github_list_issues", arguments: { repository: "octo/missing" } };
    mock.on(asked(false), { toolCalls: [call] });
    mock.on(asked(true), { content: "There is none." });
    const { providers } = await github();
    const { start, finished } = await startRunner({ model, providers });
    await start("summarize", { connector: remote });
    const { status, outputBlocks } = await finished();
    expect(status).toBe("completed");
    expect(outputBlocks[0]).toMatchObject({ type: "tool", text: expect.stringContaining("NOT_FOUND: ") as string });
    expect(JSON.stringify(mock.getLastRequest()?.body)).toContain("NOT_FOUND: GitHub has no such thing");
  });

  it("has no tools where nothing is connected, or whoever started it may not read the app", async () => {
    const { mock, model } = await scriptedModel();
    mock.onMessage("report", { content: "Done." });
    const { providers } = await github();
    const toolsOf = () => (mock.getLastRequest()?.body as { tools?: unknown[] }).tools ?? [];
    const unconnected = await startRunner({ model });
    await unconnected.start("summarize", { connector: remote });
    expect(await unconnected.finished()).toMatchObject({ status: "completed" });
    expect(toolsOf()).toHaveLength(1);
    const connected = await startRunner({ model, providers });
    const caller = { scopes: new Set(["tool:execute"]) };
    await invokeOver(connected)("execute-skill", { slug: "summarize", input: "report", connector: remote }, caller);
    expect(await connected.finished()).toMatchObject({ status: "completed" });
    expect(toolsOf()).toHaveLength(1);
  });
});

describe("a run by the calling agent", () => {
  const run = { slug: "summarize", input: "report" };
  const agent = (scopes: string[]) => ({ face: "mcp" as const, scopes: new Set(scopes) });

  it("is handed the repository with its instructions", async () => {
    const { providers } = await github();
    const opened = await openServices({ providers, installed: ["summarize"] });
    const connector = repository("octo/alpha");
    const { instructions } = await invokeOver(opened)("execute-skill", { ...run, connector });
    expect(instructions).toMatch(/## The repository[^]*<untrusted ([0-9a-f-]{36})>[^]*answer = 42[^]*<\/untrusted \1>/);
  });

  it("is told of the connected apps that it may read", async () => {
    const { providers } = await github();
    const opened = await openServices({ providers, installed: ["summarize"] });
    const call = invokeOver(opened);
    expect((await call("execute-skill", { ...run, connector: remote })).instructions).toContain(
      "look things up in github: find an action with search-connector-actions",
    );
    const blind = await call("execute-skill", { ...run, connector: remote }, agent(["tool:execute"]));
    expect(blind.instructions).not.toContain("Connected apps");
  });

  it("is refused a repository that its key may not read, also when it asks again for what another was given", async () => {
    const { providers } = await github();
    const opened = await openServices({ providers, installed: ["summarize"] });
    const call = invokeOver(opened);
    const started = { ...run, connector: repository("octo/alpha") };
    const denied = refusal("PERMISSION_REQUIRED", /connector:github:read/);
    await expect(call("execute-skill", started, agent(["tool:execute"]))).rejects.toEqual(denied);
    const { executionId } = await call("execute-skill", started);
    await call("complete-execution", { id: executionId, output: "Done." });
    await expect(call("rerun-execution", { id: executionId }, agent(["tool:execute"]))).rejects.toEqual(denied);
    const again = await call("rerun-execution", { id: executionId }, agent(["tool:execute", "connector:github:read"]));
    expect(again.instructions).toContain("answer = 42");
  });

  it("is given nothing where the repository cannot be read, and nothing is created", async () => {
    const { providers } = await github();
    const opened = await openServices({ providers, installed: ["summarize"] });
    const connector = repository("octo/missing");
    await expect(invokeOver(opened)("execute-skill", { ...run, connector })).rejects.toEqual(refusal("NOT_FOUND"));
    expect((await opened.services.executions.list(MINE, { limit: 1 })).data).toEqual([]);
  });
});
