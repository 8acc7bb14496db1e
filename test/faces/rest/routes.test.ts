import { describe, expect, it } from "vitest";
import { codeOf, openDoor } from "./door.js";

describe("routes", () => {
  it("prefers a literal segment over a parameter that was defined before it", async () => {
    const door = await openDoor();
    expect(await (await door.askPlainly("/api/v1/skills/categories")).json()).toEqual({
      operation: "list-categories",
      input: {},
    });
    expect(await (await door.askPlainly("/api/v1/skills/summarize")).json()).toEqual({
      operation: "get-skill",
      input: { slug: "summarize" },
    });
  });

  it("decodes a path parameter once", async () => {
    const door = await openDoor();
    await door.askPlainly("/api/v1/skills/a%252Fb%2F..%2Fc");
    expect(door.desk.calls.at(-1)?.input).toEqual({ slug: "a%2Fb/../c" });
  });

  it.each(["/api/v1/skills/%", "/api/v1/skills/%zz", "/api/v1/skills/%ff%fe"])(
    "answers 400 for the malformed encoding of %s",
    async (path) => {
      const door = await openDoor();
      const answer = await door.wire(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, /\}$/);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('"INVALID_INPUT"');
    },
  );

  it.each([
    "/",
    "/api",
    "/api/v1/nothing",
    "/api/v1/skills/",
    "/API/v1/skills/categories",
    "//evil.example/x",
    "/a/../b",
  ])("answers 404 as JSON for %s", async (path) => {
    const door = await openDoor();
    const answer = await door.wire(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, /\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain("content-type: application/json");
    expect(answer).toContain('"NOT_FOUND"');
  });

  it("answers 405 with the methods that the address takes", async () => {
    const door = await openDoor();
    const answer = await door.ask("/api/v1/skills/summarize/run", { method: "PUT" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
    expect(await codeOf(answer)).toBe("METHOD_NOT_ALLOWED");
    expect((await door.ask("/healthz", { method: "POST" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it.each(["TRACE", "PROPFIND", "LINK"])("answers %s with 405, not with a failure", async (method) => {
    const door = await openDoor();
    const answer = await door.wire(
      `${method} /api/v1/skills HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      /\}$/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toContain("METHOD_NOT_ALLOWED");
  });

  it("answers OPTIONS with the methods and nothing that lets other origins in", async () => {
    const door = await openDoor();
    const answer = await door.askPlainly("/api/v1/skills", { method: "OPTIONS" });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect((await door.askPlainly("/api/none", { method: "OPTIONS" })).status).toBe(404);
  });

  it("answers HEAD as GET without the body", async () => {
    const door = await openDoor();
    const whole = await door.ask("/api/v1/skills");
    const head = await door.ask("/api/v1/skills", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(whole.headers.get("content-length"));
    expect(await head.text()).toBe("");
  });

  it("takes the absolute form that proxies send", async () => {
    const door = await openDoor();
    const answer = await door.wire(
      "GET http://LOCALHOST:80/api/v1/skills/x?nope=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      /\}$/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("nope");
  });
});

describe("arguments", () => {
  it("makes numbers, booleans and lists of the query's text", async () => {
    const door = await openDoor();
    await door.ask("/api/v1/skills?limit=5&exact=true&tags=a&tags=b&search=%E2%82%AC+1");
    expect(door.desk.calls.at(-1)?.input).toEqual({ limit: 5, exact: true, tags: ["a", "b"], search: "€ 1" });
    await door.ask("/api/v1/skills?tags=alone");
    expect(door.desk.calls.at(-1)?.input).toEqual({ limit: 20, tags: ["alone"] });
    await door.ask(`/api/v1/skills?tags=${encodeURIComponent('["x","y"]')}`);
    expect(door.desk.calls.at(-1)?.input).toEqual({ limit: 20, tags: ["x", "y"] });
  });

  it.each([
    "limit=0",
    "limit=1e2",
    "limit=5&limit=6",
    "exact=yes",
    "nonsense=1",
    "__proto__=1",
    "constructor=1",
    "a[b]=1",
  ])("refuses the query %s", async (query) => {
    const door = await openDoor();
    const answer = await door.ask(`/api/v1/skills?${query}`);
    expect(answer.status).toBe(400);
    expect(await codeOf(answer)).toBe("INVALID_INPUT");
    expect(door.desk.calls).toEqual([]);
  });

  it("takes ids with their prefix, without it, and as the same number in path and query", async () => {
    const door = await openDoor();
    for (const path of ["art_7", "7", "7?id=7"]) {
      expect((await door.ask(`/api/v1/artifacts/${path}`, { method: "DELETE" })).status).toBe(200);
    }
    expect(door.desk.calls.map((call) => call.input)).toEqual([{ id: "art_7" }, { id: "7" }, { id: "7" }]);
  });

  it("refuses a field that path and query or body give with two values", async () => {
    const door = await openDoor();
    const deletion = await door.ask("/api/v1/artifacts/7?id=8", { method: "DELETE" });
    expect([deletion.status, await codeOf(deletion)]).toEqual([400, "INVALID_INPUT"]);
    for (const slug of ["other", 1, null, { toString: 1 }, ["summarize"]]) {
      const answer = await door.post("/api/v1/skills/summarize/run", { slug, input: "x" });
      expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_INPUT"]);
    }
    expect(door.desk.calls).toEqual([]);
    expect((await door.post("/api/v1/skills/summarize/run", { slug: "summarize", input: "x" })).status).toBe(200);
  });

  it("refuses a field that only the tool takes", async () => {
    const door = await openDoor();
    const answer = await door.post("/api/v1/skills/summarize/run", { input: "x", wait_seconds: 5 });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: "INVALID_INPUT", details: { issues: [{ field: "wait_seconds" }] } },
    });
  });

  it("refuses arguments in the query of a route that takes a body", async () => {
    const door = await openDoor();
    const answer = await door.post("/api/v1/skills/summarize/run?input=x", { input: "x" });
    expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_INPUT"]);
  });

  it("refuses a body where the query has the arguments", async () => {
    const door = await openDoor();
    const answer = await door.ask("/api/v1/artifacts/7", { method: "DELETE", body: '{"force":true}' });
    expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_INPUT"]);
    expect(door.desk.calls).toEqual([]);
  });
});

describe("the server's own pages", () => {
  it("are there without a key, whatever key is sent", async () => {
    const door = await openDoor();
    const headers = { "x-api-key": "wrong-key" };
    expect(await (await door.ask("/healthz", { headers })).json()).toEqual({ status: "ok" });
    expect(await (await door.ask("/readyz", { headers })).json()).toEqual({ status: "ready" });
    expect(await (await door.askPlainly("/api/openapi.json")).json()).toEqual({ openapi: "3.1.0" });
    const skill = await door.askPlainly("/skill.md");
    expect(skill.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    expect(await skill.text()).toBe("# Skill");
  });

  it("say 503 while the store is away, and stay alive", async () => {
    const door = await openDoor({ ready: () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.1:6379")) });
    const answer = await door.askPlainly("/readyz");
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      error: { type: "api_error", code: "STORE_UNAVAILABLE", retryable: true },
    });
    expect(text).not.toContain("10.0.0.1");
    expect((await door.askPlainly("/healthz")).status).toBe(200);
    expect(door.lines.some((line) => line.level === "error")).toBe(true);
  });
});
