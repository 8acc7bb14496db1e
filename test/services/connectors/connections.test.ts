import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/store/port.js";
import { withOtherCharacter } from "../../support/forged.js";
import { fileStores, MINE, refusal, THEIRS } from "../../support/services.js";
import { connectorBench } from "./bench.js";

const never = new AbortController().signal;

/** Puts a text in the place of what is kept of a connection. */
async function tamper(store: Store, app: string, change: (sealed: string) => string, workspace: number = MINE) {
  const collection = `connections:${workspace}`;
  const found = await store.get<{ sealed: string }>(collection, app);
  if (!found) throw new Error("nothing is kept");
  const { version, value } = found;
  await store.commit([{ kind: "replace", collection, id: app, version, value: { sealed: change(value.sealed) } }]);
}

const kept = async (store: Store, app: string, workspace: number = MINE): Promise<string> =>
  (await store.get<{ sealed: string }>(`connections:${workspace}`, app))?.value.sealed ?? "";

describe("a stored connection (P10)", () => {
  it("holds no token, account or scope that could be read", async () => {
    const { stores, bytes } = await fileStores(1);
    const { connect, labels } = await connectorBench({ store: stores[0] as Store });
    await connect();
    await labels();
    const stored = await bytes();
    for (const secret of ["canary-access", "canary-refresh", "canary-client-secret", "ada@example.test"]) {
      expect(stored).not.toContain(secret);
    }
    expect(stored).toContain("connections:1");
  });

  it("is refused once any of its characters was changed", async () => {
    const { store, connect, labels } = await connectorBench();
    await connect();
    const sealed = await kept(store, "gmail");
    for (const at of [3, 20, Math.floor(sealed.length / 2), sealed.length - 2]) {
      await tamper(store, "gmail", () => withOtherCharacter(sealed, at));
      await expect(labels()).rejects.toEqual(refusal("SEAL_BROKEN"));
    }
    await tamper(store, "gmail", () => sealed);
    await expect(labels()).resolves.toMatchObject({ data: [{ id: "INBOX" }] });
  });

  it("is refused in the place of another app's", async () => {
    const { store, connectors, connect } = await connectorBench();
    await connect();
    await connect(MINE, "calendar");
    const gmails = await kept(store, "gmail");
    await tamper(store, "calendar", () => gmails);
    await expect(connectors.sources(MINE, { app: "calendar", limit: 1 }, never)).rejects.toEqual(
      refusal("SEAL_BROKEN"),
    );
  });

  it("is refused in the place of another workspace's", async () => {
    const { store, connect, labels } = await connectorBench();
    await connect();
    await connect(THEIRS);
    const mine = await kept(store, "gmail");
    await tamper(store, "gmail", () => mine, THEIRS);
    await expect(labels(THEIRS)).rejects.toEqual(refusal("SEAL_BROKEN"));
    await expect(labels()).resolves.toBeDefined();
  });

  it("is told as unreadable, hides no other, and can be disconnected and connected anew", async () => {
    const { store, connectors, connect } = await connectorBench();
    await connect();
    await connect(MINE, "calendar");
    await tamper(store, "gmail", () => "v1.broken");
    const standing = Object.fromEntries((await connectors.list(MINE)).map(({ app, status }) => [app, status]));
    expect(standing).toMatchObject({ gmail: "unreadable", calendar: "connected" });
    const { connected } = await connectors.search(MINE, { query: "events", limit: 1 });
    expect(connected).toEqual(["calendar"]);
    expect(await connectors.disconnect(MINE, "gmail")).toMatchObject({ disconnected: true, revoked: false });
    expect(await connect()).toMatchObject({ connected: true });
    await tamper(store, "gmail", () => "v1.broken");
    expect(await connect()).toMatchObject({ connected: true });
  });
});

describe("a disconnect", () => {
  it("revokes at the provider, then forgets", async () => {
    const { connectors, provider, connect, labels } = await connectorBench();
    await connect();
    expect(await connectors.disconnect(MINE, "gmail")).toEqual({
      app: "gmail",
      disconnected: true,
      revoked: true,
      message: "Gmail has revoked the access.",
    });
    const told = provider.received.find(({ target }) => target === "/revoke");
    expect(told?.bytes.toString()).toMatch(/^token=canary-refresh/);
    await expect(labels()).rejects.toEqual(refusal("TOOL_NOT_CONNECTED", /connect-connector/));
    await expect(connectors.disconnect(MINE, "gmail")).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
  });

  it.each([
    ["fails", (provider: { failing: object }) => Object.assign(provider.failing, { revoke: { status: 500 } })],
    ["is away", (provider: { stop(): Promise<void> }) => provider.stop()],
  ])("forgets although the provider %s, and says so", async (_, harm) => {
    const { connectors, provider, connect, labels } = await connectorBench();
    await connect();
    await harm(provider);
    expect(await connectors.disconnect(MINE, "gmail")).toMatchObject({
      revoked: false,
      message: expect.stringContaining("revoke the access in the account's settings") as string,
    });
    await expect(labels()).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
  });

  it("leaves other workspaces' connections alone", async () => {
    const { connectors, connect, labels } = await connectorBench();
    await connect();
    await connect(THEIRS);
    await connectors.disconnect(MINE, "gmail");
    await expect(labels(THEIRS)).resolves.toBeDefined();
  });
});
