import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRequestStates } from "../../../src/vault/request-states.js";
import { withOtherCharacter } from "../../support/forged.js";
import { standingClock } from "../../support/services.js";
import { type HttpBench, serveHttp } from "./workbench.js";

type Json = Readonly<Record<string, unknown>>;

const REVISION = "2026-07-28";
const CAPABILITIES = { elicitation: { form: {} } };

/** A call as a client of 2026-07-28 sends it. */
const call = (name: string, args: object, more: object = {}, capabilities: object = CAPABILITIES) => ({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: {
    name,
    arguments: args,
    ...more,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": REVISION,
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": capabilities,
    },
  },
});

describe("P24: the state that a call leaves with its client", () => {
  let bench: HttpBench;
  const clock = standingClock(Date.now());
  beforeEach(async () => {
    bench = await serveHttp({ states: createRequestStates({ secret: new Uint8Array(32).fill(1), now: clock.now }) });
  });
  afterEach(() => bench.close());

  async function send(
    message: ReturnType<typeof call>,
    key = "key-of-ada",
  ): Promise<Json & { result: Json; error: Json }> {
    const headers = {
      "x-api-key": key,
      "mcp-protocol-version": REVISION,
      "mcp-method": message.method,
      "mcp-name": message.params.name,
    };
    return (await (await bench.post(message, headers)).json()) as never;
  }
  const asked = async (args: object = { note: "a" }) => {
    const { result } = await send(call("destroy-note", args));
    expect(result).toMatchObject({ resultType: "input_required" });
    expect(result["inputRequests"]).toMatchObject({ confirm: { method: "elicitation/create" } });
    return String(result["requestState"]);
  };
  const agreed = (requestState: string) => ({
    requestState,
    inputResponses: { confirm: { action: "accept", content: {} } },
  });
  const invalid = { error: { code: -32602, data: { code: "INVALID_INPUT" } } };
  const ran = () => bench.services.seen.filter((what) => what === "destroyed").length;

  it("lets the call go on with the answer", async () => {
    const { result } = await send(call("destroy-note", { note: "a" }, agreed(await asked())));
    expect(JSON.stringify(result)).toContain("NOT_FOUND");
    expect(ran()).toBe(1);
  });

  it("is good for ten minutes", async () => {
    const state = await asked();
    clock.forward(599_000);
    expect(await send(call("destroy-note", { note: "a" }, agreed(state)))).not.toHaveProperty("error");
    clock.forward(1000);
    expect(await send(call("destroy-note", { note: "a" }, agreed(state)))).toMatchObject(invalid);
    expect(ran()).toBe(1);
  });

  it("is useless with any of its characters changed, or none", async () => {
    const state = await asked();
    for (let at = 0; at < state.length; at += 7) {
      const forged = withOtherCharacter(state, at);
      expect(await send(call("destroy-note", { note: "a" }, agreed(forged))), String(at)).toMatchObject(invalid);
    }
    for (const forged of ["", "v1.", state.slice(0, -1), `${state}A`, state + state]) {
      expect(await send(call("destroy-note", { note: "a" }, agreed(forged)))).toMatchObject(invalid);
    }
    expect(ran()).toBe(0);
  });

  it("is useless to another key, for other arguments, and for another tool", async () => {
    const state = await asked();
    bench.keys.set("key-of-cyd", { ...bench.keys.get("key-of-ada")!, key: 9 });
    expect(await send(call("destroy-note", { note: "a" }, agreed(state)), "key-of-cyd")).toMatchObject(invalid);
    expect(await send(call("destroy-note", { note: "a" }, agreed(state)), "key-of-bob")).toMatchObject(invalid);
    expect(await send(call("destroy-note", { note: "b" }, agreed(state)))).toMatchObject(invalid);
    expect(await send(call("say", { marker: "x" }, agreed(state)))).toMatchObject(invalid);
    expect(ran()).toBe(0);
  });

  it("is wanted with an answer: one that nobody asked for counts for nothing", async () => {
    const { inputResponses } = agreed("");
    const { result } = await send(call("destroy-note", { note: "a" }, { inputResponses }));
    expect(result).toMatchObject({ resultType: "input_required" });
    expect(ran()).toBe(0);
  });

  it("shows nothing of what is in it", async () => {
    const state = await asked({ note: "a secret name" });
    const bytes = Buffer.from(state.slice(3), "base64url").toString("latin1");
    for (const word of ["secret", "confirm", "accept", "destroy"]) expect(bytes).not.toContain(word);
  });

  it("is not handed to a client that cannot ask", async () => {
    const { result } = await send(call("destroy-note", { note: "a" }, {}, {}));
    expect(result).not.toHaveProperty("requestState");
    expect(ran()).toBe(1);
  });
});
