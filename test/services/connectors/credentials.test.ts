import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import { sealedPlaces } from "../../../src/sealed-places.js";
import type { Store } from "../../../src/store/port.js";
import { rotateDataKey } from "../../../src/vault/rotate-data-key.js";
import { GITHUB_TOKEN, startGithubStandIn } from "../../support/github-stand-in.js";
import type { ProviderStandIn } from "../../support/provider-stand-in.js";
import { fileStores, memoryStore, MINE, refusal, standingClock, until } from "../../support/services.js";
import { connectorBench, openProcess } from "./bench.js";

const never = new AbortController().signal;
const times = <T>(count: number, make: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)));

/** Lets the token endpoint answer nobody until it is told to. */
function hold(provider: ProviderStandIn): () => void {
  let answer = (): void => undefined;
  provider.held = new Promise((resolve) => (answer = resolve));
  return answer;
}

describe("an access token", () => {
  it("is renewed before its end, once although ten calls need it at the same moment", async () => {
    const clock = standingClock();
    const { connect, labels, provider, connectors } = await connectorBench({ now: clock.now });
    await connect();
    await labels();
    expect(provider.asked("refresh_token")).toBe(0);
    clock.forward(3_550_000);
    provider.slowness = 150;
    await times(10, () => labels());
    expect(provider.asked("refresh_token")).toBe(1);
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({
      connected: true,
      scopes: ["email", "mail"],
      expires_at: new Date(clock.now() + 3_600_000).toISOString(),
    });
  });

  it("is renewed once although calls of two processes on one store need it at the same moment", async () => {
    const { stores } = await fileStores(2);
    const { connect, labels, provider } = await connectorBench({ store: stores[0] as Store });
    const other = await openProcess(stores[1] as Store, provider.env);
    await connect();
    provider.forgetAccess();
    provider.slowness = 150;
    const theirs = () => other.connectors.sources(MINE, { app: "gmail", limit: 1 }, never);
    const answers = await times(10, (at) => (at % 2 ? labels() : theirs()));
    expect(answers).toHaveLength(10);
    expect(provider.asked("refresh_token")).toBe(1);
  });

  it("that is refused in mid-use is renewed, and a write is not done twice", async () => {
    const { connect, connectors, provider } = await connectorBench();
    await connect();
    provider.forgetAccess();
    const before = provider.received.length;
    const call = { app: "gmail", action: "create-label", input: { name: "Later" } };
    await connectors.run(MINE, call, never);
    const asked = provider.received.slice(before).map(({ method, target }) => `${method} ${target.split("?")[0]}`);
    expect(asked).toEqual(["POST /gmail/v1/users/me/labels", "POST /token", "POST /gmail/v1/users/me/labels"]);
    expect(provider.asked("refresh_token")).toBe(1);
  });

  it("whose grant was revoked outside tells to connect again, and the provider is left in peace", async () => {
    const { connect, labels, connectors, provider } = await connectorBench();
    await connect();
    provider.revokeAll();
    await expect(labels()).rejects.toEqual(refusal("TOOL_NOT_CONNECTED", /no longer accepts.*connect-connector/));
    const before = provider.received.length;
    await expect(labels()).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
    expect(provider.received).toHaveLength(before);
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({ connected: false, status: "refused" });
    expect(await connect()).toMatchObject({ connected: true });
    await expect(labels()).resolves.toBeDefined();
  });

  it("without a refresh token is used to its end, and then tells to connect again", async () => {
    const clock = standingClock();
    const { connect, labels, provider } = await connectorBench({ now: clock.now });
    provider.renews = false;
    await connect();
    clock.forward(3_590_000);
    await expect(labels()).resolves.toBeDefined();
    clock.forward(20_000);
    await expect(labels()).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
    expect(provider.asked("refresh_token")).toBe(0);
  });

  it("without an end is used until the provider refuses it", async () => {
    const { connect, labels, provider, connectors } = await connectorBench();
    Object.assign(provider, { lifetime: undefined, renews: false });
    expect(await connect()).toMatchObject({ renews: false });
    await expect(labels()).resolves.toBeDefined();
    provider.forgetAccess();
    await expect(labels()).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({ status: "refused" });
  });

  it("is not lost because the provider failed while it was renewed", async () => {
    const { connect, labels, provider } = await connectorBench();
    await connect();
    provider.forgetAccess();
    provider.failing.token = { status: 503, body: { error: "temporarily_unavailable" } };
    await expect(labels()).rejects.toEqual(refusal("UPSTREAM_FAILED"));
    delete provider.failing.token;
    await expect(labels()).resolves.toBeDefined();
  });

  it("is renewed by another process where the first one died over it", async () => {
    const store = memoryStore();
    const { connect, labels, provider } = await connectorBench({ store });
    await connect();
    provider.forgetAccess();
    // What is left of a process that was killed while it held the lease.
    const lease = { collection: "leases", id: `connection:${MINE}:gmail`, value: { holder: "dead" }, ttlMs: 400 };
    await store.commit([{ kind: "insert", ...lease }]);
    const started = performance.now();
    await expect(labels()).resolves.toBeDefined();
    expect(performance.now() - started).toBeGreaterThan(300);
    expect(provider.asked("refresh_token")).toBe(1);
  });

  it("keeps being renewed where the caller who needed it left, and nobody waits in vain (P49)", async () => {
    const { connect, labels, provider } = await connectorBench();
    await connect();
    provider.forgetAccess();
    const answer = hold(provider);
    const caller = new AbortController();
    const first = labels(MINE, caller.signal);
    await until("the provider is asked", () => provider.asked("refresh_token") === 1);
    caller.abort();
    answer();
    await expect(first).rejects.toThrow();
    await expect(labels()).resolves.toBeDefined();
    expect(provider.asked("refresh_token")).toBe(1);
  });

  it("that was renewed is kept although its record was sealed anew meanwhile", async () => {
    const { connect, labels, provider, vault, store } = await connectorBench();
    await connect();
    provider.forgetAccess();
    provider.slowness = 300;
    const renewing = labels();
    await until("the provider is asked", () => provider.asked("refresh_token") === 1);
    await rotateDataKey({ store, vault, settleMs: 0 }, MINE, sealedPlaces(MINE));
    await expect(renewing).resolves.toBeDefined();
    await expect(labels()).resolves.toBeDefined();
    expect(provider.asked("refresh_token")).toBe(1);
  });

  it("that was renewed is kept although the store was away just then", async () => {
    const inner = memoryStore();
    let away = 0;
    const store: Store = {
      ...inner,
      commit(changes) {
        const isKept = changes.some((change) => "collection" in change && change.collection === `connections:${MINE}`);
        if (isKept && away-- > 0) return Promise.reject(new AppError("STORE_UNAVAILABLE", "The store is away."));
        return inner.commit(changes);
      },
    };
    const { connect, labels, provider } = await connectorBench({ store });
    await connect();
    provider.forgetAccess();
    away = 2;
    await expect(labels()).resolves.toBeDefined();
    expect(provider.asked("refresh_token")).toBe(1);
  });

  it("that was renewed while the app was disconnected is revoked too", async () => {
    const { connect, labels, provider, connectors } = await connectorBench();
    await connect();
    provider.forgetAccess();
    const answer = hold(provider);
    const renewing = labels();
    await until("the provider is asked", () => provider.asked("refresh_token") === 1);
    await connectors.disconnect(MINE, "gmail");
    answer();
    await expect(renewing).rejects.toEqual(refusal("TOOL_NOT_CONNECTED"));
    const revoked = () =>
      provider.received.filter(({ target }) => target === "/revoke").map(({ bytes }) => bytes.toString());
    await until("both are revoked", () => new Set(revoked()).size === 2);
  });
});

describe("GITHUB_TOKEN", () => {
  it("counts as a connection, which cannot be ended here", async () => {
    const github = await startGithubStandIn();
    const { connectors } = await openProcess(memoryStore(), { GITHUB_TOKEN, GITHUB_API_URL: github.url });
    expect(await connectors.status(MINE, "github", never)).toMatchObject({
      connected: true,
      source: "environment",
      account: "octocat",
    });
    await expect(connectors.disconnect(MINE, "github")).rejects.toEqual(refusal("ACCESS_DENIED", /GITHUB_TOKEN/));
    const { source, data } = await connectors.sources(MINE, { app: "github", limit: 1 }, never);
    expect({ source, data }).toMatchObject({
      source: { app: "github", account: "octocat" },
      data: [{ id: "octo/alpha" }],
    });
    await github.stop();
  });

  it("that GitHub does not take is told by its name, and never shown", async () => {
    const github = await startGithubStandIn();
    const token = "ghp_wrong_canary_1234";
    const { connectors, lines } = await openProcess(memoryStore(), { GITHUB_TOKEN: token, GITHUB_API_URL: github.url });
    expect(await connectors.status(MINE, "github", never)).toMatchObject({ connected: false, status: "refused" });
    const refused = connectors.sources(MINE, { app: "github", limit: 1 }, never);
    await expect(refused).rejects.toEqual(refusal("TOOL_NOT_CONNECTED", /GITHUB_TOKEN/));
    expect(JSON.stringify([await refused.catch((thrown: unknown) => String(thrown)), lines])).not.toContain(token);
    await github.stop();
  });
});
