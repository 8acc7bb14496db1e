import { describe, expect, it } from "vitest";
import { APP_SLUGS } from "../../../src/connectors/app.js";
import { APPS } from "../../../src/connectors/apps.js";
import { catalogue } from "../../../tools/catalogue.js";
import { GITHUB_TOKEN, startGithubStandIn } from "../../support/github-stand-in.js";
import { ACCOUNT } from "../../support/provider-stand-in.js";
import { memoryStore, MINE, refusal, until } from "../../support/services.js";
import { connectorBench, openProcess } from "./bench.js";

const never = new AbortController().signal;

describe("the search for actions", () => {
  it.each([
    ["send an email to ann", "gmail.send-message"],
    ["which mails are unread", "gmail.search-messages"],
    ["put a meeting into the calendar", "calendar.create-event"],
    ["when is everybody free", "calendar.find-busy-times"],
    ["delete an event", "calendar.delete-event"],
    ["find a file by its name", "drive.search-files"],
    ["share a document with a colleague", "drive.share-file"],
  ])("has for %j the right one among the first three", async (query, wanted) => {
    const { connectors, connect } = await connectorBench();
    for (const app of ["gmail", "calendar", "drive"]) await connect(MINE, app);
    const { data, connected } = await connectors.search(MINE, { query, limit: 3 });
    expect(connected).toEqual(["gmail", "calendar", "drive"]);
    expect(data.map(({ app, action }) => `${app}.${action}`)).toContain(wanted);
    for (const { scope, effect, app, input_schema } of data) {
      expect(scope).toBe(`connector:${app}:${effect === "read" ? "read" : "exec"}`);
      expect(input_schema).toMatchObject({ type: "object", properties: expect.any(Object) as object });
    }
  });

  it("shows nothing of apps that are not connected", async () => {
    const { connectors } = await connectorBench();
    expect(await connectors.search(MINE, { query: "send mail", limit: 5 })).toEqual({ data: [], connected: [] });
    const asked = connectors.search(MINE, { query: "send mail", app: "gmail", limit: 5 });
    await expect(asked).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
  });
});

describe("run-connector-action", () => {
  const { scope, standsFor } = catalogue.find(({ name }) => name === "run-connector-action") ?? {};
  const scopesOf = (input: { app: string; action: string }) =>
    typeof scope === "object" ? [scope.of(input)].flat() : [];

  it("is held to what its action does: scope, effect and the name in the audit", () => {
    for (const { slug, actions } of APPS) {
      for (const { name, effect } of actions) {
        const input = { app: slug, action: name };
        expect(scopesOf(input)).toEqual([`connector:${slug}:${effect === "read" ? "read" : "exec"}`]);
        const standing = standsFor?.(input);
        expect(standing).toMatchObject({ effect, toolset: "connectors" });
        if (effect === "read") expect(standing?.audit).toBeUndefined();
        else expect(standing?.audit?.action).toMatch(/^connector\.[a-z0-9_]+$/);
      }
    }
  });

  it("asks for nothing but reading where there is no such action, so that it can be said", () => {
    expect(scopesOf({ app: "github", action: "no-such" })).toEqual(["connector:github:read"]);
    expect(scopesOf({ app: "fax", action: "send" })).toEqual([]);
  });

  it("knows all apps that scopes exist for", () => {
    expect(APPS.map(({ slug }) => slug).sort()).toEqual([...APP_SLUGS].sort());
  });

  it("takes text where the action wants a number, a list or an object, as everywhere", async () => {
    const github = await startGithubStandIn();
    const { connectors } = await openProcess(memoryStore(), { GITHUB_TOKEN, GITHUB_API_URL: github.url });
    const input = { repository: "octo/alpha", limit: "5", labels: '["bug"]' };
    await connectors.run(MINE, { app: "github", action: "list-issues", input }, never);
    expect(github.received.at(-1)?.target).toContain("labels=bug&per_page=5");
    await github.stop();
  });

  it("tells a change that was made as made, although the app was disconnected meanwhile", async () => {
    const { connectors, connect, provider } = await connectorBench();
    await connect();
    const asked = provider.received.length;
    const call = { app: "gmail", action: "create-label", input: { name: "Later" } };
    provider.apiSlowness = 200;
    const running = connectors.run(MINE, call, never);
    await until("the provider is asked", () => provider.received.length > asked);
    await connectors.disconnect(MINE, "gmail");
    expect(await running).toMatchObject({ source: { app: "gmail", account: ACCOUNT }, action: "create-label" });
  });

  it("does not reach the provider where the input does not fit", async () => {
    const { connectors, connect, provider } = await connectorBench();
    await connect();
    const before = provider.received.length;
    const call = { app: "gmail", action: "get-message", input: { message_id: "../../users" } };
    await expect(connectors.run(MINE, call, never)).rejects.toEqual(refusal("INVALID_INPUT", /input\.message_id/));
    const none = { app: "gmail", action: "read-minds", input: {} };
    await expect(connectors.run(MINE, none, never)).rejects.toEqual(refusal("NOT_FOUND", /search-connector-actions/));
    expect(provider.received).toHaveLength(before);
  });

  it.each([
    ["is down", "UPSTREAM_FAILED", {}],
    ["says no", "ACCESS_DENIED", { status: 403, body: { error: { message: "no" } } }],
    ["has no such thing", "NOT_FOUND", { status: 404 }],
    ["is asked too often", "RATE_LIMITED", { status: 429, headers: { "retry-after": "90" } }],
    ["breaks", "UPSTREAM_FAILED", { status: 500 }],
  ] as const)("that writes is sent once where the provider %s", async (state, code, reply) => {
    const { connectors, connect, provider } = await connectorBench();
    await connect();
    const before = provider.received.length;
    if (state === "is down") await provider.stop();
    else provider.failing.api = reply;
    const call = { app: "gmail", action: "create-label", input: { name: "Later" } };
    await expect(connectors.run(MINE, call, never)).rejects.toEqual(refusal(code));
    expect(provider.received.length - before).toBe(state === "is down" ? 0 : 1);
  });
});
