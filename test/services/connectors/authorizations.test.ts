import { describe, expect, it, onTestFinished, vi } from "vitest";
import { fileStores, MINE, refusal, standingClock, THEIRS } from "../../support/services.js";
import { ACCOUNT } from "../../support/provider-stand-in.js";
import { connectorBench, openProcess, PUBLIC_URL } from "./bench.js";

const never = new AbortController().signal;
const me = { workspace: MINE, person: 1 };

describe("connecting an app (P40)", () => {
  it("goes from the link over the provider's page to a connection", async () => {
    const { connectors, provider, connect } = await connectorBench();
    expect(await connect()).toMatchObject({
      app: "gmail",
      connected: true,
      account: ACCOUNT,
      scopes: ["email", "mail"],
      renews: true,
      expires_at: expect.stringMatching(/^\d{4}-/) as string,
    });
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({ status: "connected" });
    expect(await connectors.status(THEIRS, "gmail", never)).toMatchObject({ status: "not_connected" });
    expect(provider.asked("authorization_code")).toBe(1);
  });

  it("gives a link of this server's own, good for ten minutes, whose state nobody guesses", async () => {
    const { connectors } = await connectorBench();
    const links = await Promise.all(Array.from({ length: 50 }, () => connectors.begin(me, "gmail")));
    for (const { url, state, expires_in } of links) {
      expect(url).toBe(`${PUBLIC_URL}/api/v1/connectors/gmail/start?state=${state}`);
      expect(state).toMatch(/^[\w-]{43}$/);
      expect(expires_in).toBe(600);
    }
    expect(new Set(links.map(({ state }) => state)).size).toBe(50);
  });

  it("takes a state once", async () => {
    const { connectors, provider, answerOf } = await connectorBench();
    const { state } = await connectors.begin(me, "gmail");
    const answer = await answerOf(state);
    await connectors.finish("gmail", answer, never);
    await expect(connectors.finish("gmail", answer, never)).rejects.toEqual(refusal("INVALID_INPUT", /used already/));
    await expect(connectors.start("gmail", state, answer.browser)).rejects.toEqual(refusal("INVALID_INPUT"));
    expect(provider.asked("authorization_code")).toBe(1);
  });

  it("takes a state once although it comes back ten times at once, in two processes", async () => {
    const { stores } = await fileStores(2);
    const [one, two] = stores as [(typeof stores)[0], (typeof stores)[0]];
    const { connectors, provider, answerOf } = await connectorBench({ store: one });
    const other = await openProcess(two, provider.env);
    const { state } = await connectors.begin(me, "gmail");
    const answer = await answerOf(state);
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, (_, at) => (at % 2 ? connectors : other.connectors).finish("gmail", answer, never)),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(provider.asked("authorization_code")).toBe(1);
  });

  it("forgets a state after ten minutes", async () => {
    const { connectors, answerOf } = await connectorBench();
    const { state } = await connectors.begin(me, "gmail");
    const answer = await answerOf(state);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 599_000 });
    onTestFinished(() => void vi.useRealTimers());
    await expect(connectors.start("gmail", state, answer.browser)).resolves.toBeDefined();
    vi.setSystemTime(Date.now() + 2000);
    await expect(connectors.start("gmail", state, answer.browser)).rejects.toEqual(
      refusal("INVALID_INPUT", /ten minutes/),
    );
    await expect(connectors.finish("gmail", answer, never)).rejects.toEqual(refusal("INVALID_INPUT", /ten minutes/));
  });

  it("belongs to the browser that opened the link first", async () => {
    const { connectors, provider, answerOf } = await connectorBench();
    const { state } = await connectors.begin(me, "gmail");
    const answer = await answerOf(state);
    const other = "b".repeat(43);
    for (const browser of [undefined, "", other, `${answer.browser}x`]) {
      await expect(connectors.finish("gmail", { ...answer, browser }, never)).rejects.toEqual(
        refusal("INVALID_INPUT", /browser that opened it first/),
      );
    }
    for (const browser of [undefined, other]) {
      await expect(connectors.start("gmail", state, browser)).rejects.toEqual(refusal("INVALID_INPUT"));
    }
    expect(provider.asked("authorization_code")).toBe(0);
    // The first one still may, and may open the link again.
    expect((await connectors.start("gmail", state, answer.browser)).browser).toBe(answer.browser);
    expect(await connectors.finish("gmail", answer, never)).toMatchObject({ connected: true });
  });

  it("cannot be finished before the link was opened", async () => {
    const { connectors, provider } = await connectorBench();
    const { state } = await connectors.begin(me, "gmail");
    await expect(connectors.finish("gmail", { state, code: "x", browser: "a".repeat(43) }, never)).rejects.toEqual(
      refusal("INVALID_INPUT"),
    );
    expect(provider.received).toEqual([]);
  });

  it("does not take one app's state for another, nor two links' answers swapped", async () => {
    const { connectors, provider, answerOf } = await connectorBench();
    const [first, second] = [await connectors.begin(me, "gmail"), await connectors.begin(me, "gmail")];
    const [one, two] = [await answerOf(first.state), await answerOf(second.state)];
    await expect(connectors.finish("drive", one, never)).rejects.toEqual(refusal("INVALID_INPUT"));
    await expect(connectors.start("drive", first.state, one.browser)).rejects.toEqual(refusal("INVALID_INPUT"));
    await expect(connectors.finish("gmail", { ...one, state: two.state }, never)).rejects.toEqual(
      refusal("INVALID_INPUT"),
    );
    // Even in one browser the code of the one link does not fit the verifier of the other.
    const { state } = await connectors.begin(me, "gmail");
    await connectors.start("gmail", state, one.browser);
    await expect(connectors.finish("gmail", { ...one, state }, never)).rejects.toEqual(
      refusal("INVALID_INPUT", /nothing was connected/),
    );
    expect(provider.asked("authorization_code")).toBe(1);
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({ connected: false });
  });

  it.each<[string, object, string, RegExp]>([
    ["no state", { state: undefined }, "INVALID_INPUT", /state/],
    ["a state that never was", { state: "x".repeat(43) }, "INVALID_INPUT", /never given out/],
    ["no code", { code: undefined }, "INVALID_INPUT", /code/],
    ["a code that never was", { code: "made-up" }, "INVALID_INPUT", /nothing was connected/],
    ["a refusal of the person", { code: undefined, error: "access_denied" }, "DECLINED", /declined/],
    [
      "another refusal",
      { code: undefined, error: "server_error", error_description: "it is \u202Edown" },
      "UPSTREAM_FAILED",
      /"server_error" "it is \?down"/,
    ],
  ])("says why it did not work with %s", async (_, change, code, sentence) => {
    const { connectors, answerOf } = await connectorBench();
    const { state } = await connectors.begin(me, "gmail");
    const answer = { ...(await answerOf(state)), ...change };
    await expect(connectors.finish("gmail", answer, never)).rejects.toEqual(refusal(code as "DECLINED", sentence));
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({ connected: false });
  });

  it("connects nothing where the token turns out to be no good, and has it revoked", async () => {
    const { connectors, provider, answerOf } = await connectorBench();
    const { state } = await connectors.begin(me, "gmail");
    const answer = await answerOf(state);
    provider.failing.api = { status: 403, body: { error: { message: "no" } } };
    await expect(connectors.finish("gmail", answer, never)).rejects.toEqual(refusal("ACCESS_DENIED"));
    expect(provider.received.map(({ target }) => target)).toContain("/revoke");
    expect(await connectors.status(MINE, "gmail", never)).toMatchObject({ connected: false });
  });

  it("keeps neither the state nor the verifier readable in the store", async () => {
    const { stores, bytes } = await fileStores(1);
    const { connectors, provider, answerOf } = await connectorBench({ store: stores[0] as (typeof stores)[0] });
    const { state } = await connectors.begin(me, "gmail");
    const answer = await answerOf(state);
    const kept = await bytes();
    await connectors.finish("gmail", answer, never);
    const exchange = provider.received.find(({ target }) => target === "/token");
    const verifier = new URLSearchParams(exchange?.bytes.toString()).get("code_verifier") ?? "";
    expect(verifier).toMatch(/^[\w-]{43}$/);
    for (const secret of [state, verifier, answer.browser]) expect(kept).not.toContain(secret);
  });

  it("replaces a connection that is there already", async () => {
    const clock = standingClock();
    const { connect, connectors } = await connectorBench({ now: clock.now });
    const first = await connect();
    clock.forward(1000);
    const second = await connect();
    expect(second.connected_at).not.toBe(first.connected_at);
    expect((await connectors.list(MINE)).filter(({ connected }) => connected)).toHaveLength(1);
  });
});
