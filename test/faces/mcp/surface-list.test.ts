import { describe, expect, it } from "vitest";
import { openSurfaces } from "./surface-bench.js";
import { openSession } from "./workbench.js";

const list = { jsonrpc: "2.0", id: 9, method: "tools/list" };
// A request that the transport has to look at itself.
const withMeta = { ...list, params: { _meta: { anything: 1 } } };

describe("tools/list over Streamable HTTP", () => {
  it.each(["key-of-ada", "key-of-reader"])("answers the same bytes whichever way it takes, for %s", async (key) => {
    const bench = await openSurfaces();
    const session = await openSession(bench, key);
    const answers = [];
    for (const message of [list, { ...list, params: {} }, withMeta]) {
      const answer = await bench.post(message, session);
      const { "content-type": type, "cache-control": cache, ...headers } = Object.fromEntries(answer.headers);
      const { "mcp-session-id": id, "content-length": length } = headers;
      answers.push({ status: answer.status, type, cache, id, length, text: await answer.text() });
    }
    expect(answers[0]).toMatchObject({ status: 200, type: "application/json", cache: "no-store" });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it("keeps the request's id as it came", async () => {
    const bench = await openSurfaces();
    const session = await openSession(bench);
    for (const id of [0, -1, "", 'a"b\u2028', "x".repeat(1000), Number.MAX_SAFE_INTEGER]) {
      expect(await (await bench.post({ ...list, id }, session)).json()).toMatchObject({
        id,
        result: { tools: [{}, {}, {}, {}, {}, {}, {}] },
      });
    }
  });

  it("is refused in every way that another method is", async () => {
    const bench = await openSurfaces();
    const session = await openSession(bench);
    const refusals: readonly [object, Record<string, string>, number][] = [
      [list, { accept: "application/json" }, 406],
      [list, { accept: "text/event-stream" }, 406],
      [list, { "mcp-protocol-version": "1999-01-01" }, 400],
      [list, { "mcp-session-id": "nonsense" }, 404],
      [list, { "x-api-key": "key-of-bob" }, 404],
      [list, { "x-api-key": "wrong" }, 401],
      [{ ...list, jsonrpc: "1.0" }, {}, 400],
      [{ ...list, id: 1.5 }, {}, 400],
      [{ ...list, params: [] }, {}, 400],
      [{ ...list, more: 1 }, {}, 400],
    ];
    for (const [message, headers, status] of refusals) {
      for (const method of ["tools/list", "ping"]) {
        const answer = await bench.post({ ...message, method }, { ...session, ...headers });
        expect(answer.status, JSON.stringify([message, headers, method])).toBe(status);
      }
    }
    expect(await (await bench.post({ ...list, params: { cursor: "x" } }, session)).json()).toMatchObject({
      error: { code: -32602, data: { code: "INVALID_CURSOR" } },
    });
  });
});
