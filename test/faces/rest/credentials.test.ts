import { describe, expect, it } from "vitest";
import { codeOf, openDoor } from "./door.js";

const list = "/api/v1/skills";

describe("the key", () => {
  it.each([
    { "x-api-key": "owner-key" },
    { authorization: "Bearer owner-key" },
    { authorization: "bearer owner-key" },
    { "x-api-key": "owner-key", authorization: "Bearer owner-key" },
    { "x-api-key": "", authorization: "Bearer owner-key" },
  ])("is taken from %o", async (headers) => {
    const door = await openDoor();
    expect((await door.askPlainly(list, { headers: headers as Record<string, string> })).status).toBe(200);
  });

  it.each([
    {},
    { "x-api-key": "" },
    { "x-api-key": "no-such-key" },
    { authorization: "Bearer" },
    { authorization: "owner-key" },
    { authorization: `Basic ${Buffer.from("owner-key:").toString("base64")}` },
    { cookie: "x-api-key=owner-key; apiKey=owner-key" },
    { "x-auth-token": "owner-key" },
    { "x-api-key": "owner-key", authorization: "Bearer reader-key" },
    { "x-api-key": "owner-key, owner-key" },
  ])("is not taken from %o", async (headers) => {
    const door = await openDoor();
    const answer = await door.askPlainly(list, { headers: headers as Record<string, string> });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(await answer.json()).toMatchObject({ error: { type: "authentication_error", code: "AUTH_REQUIRED" } });
    expect(door.desk.calls).toEqual([]);
  });

  it("is not taken from the query or the body", async () => {
    const door = await openDoor();
    for (const name of ["apiKey", "x-api-key", "access_token"]) {
      expect((await door.askPlainly(`${list}?${name}=owner-key`)).status).toBe(401);
    }
    const answer = await door.post("/api/v1/skills/a/run", { apiKey: "owner-key", input: "x" }, { "x-api-key": "" });
    expect(answer.status).toBe(401);
  });

  it("is refused when a header is sent twice with two keys", async () => {
    const door = await openDoor();
    const answer = await door.wire(
      `GET ${list} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader-key\r\nAuthorization: Bearer owner-key\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it("is told when it was revoked", async () => {
    const door = await openDoor();
    const answer = await door.ask(list, { headers: { "x-api-key": "old-key" } });
    expect([answer.status, await codeOf(answer)]).toEqual([401, "KEY_REVOKED"]);
  });

  it("is refused on a public route too when it is wrong", async () => {
    const door = await openDoor();
    expect((await door.askPlainly("/api/v1/skills/a")).status).toBe(200);
    expect((await door.ask("/api/v1/skills/a", { headers: { "x-api-key": "wrong" } })).status).toBe(401);
  });

  it("that lacks the scope gets the flat form", async () => {
    const door = await openDoor();
    const answer = await door.ask("/api/v1/artifacts/7", { method: "DELETE", headers: { "x-api-key": "reader-key" } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: "PERMISSION_REQUIRED",
      scope: "workspace:files:write",
      request_url: "/api/v1/agents/request-permission",
      retryable: true,
    });
  });

  it("is looked at before the body's type, size or content", async () => {
    const door = await openDoor({ maxBody: 1024 });
    for (const init of [
      { body: "x".repeat(5000), headers: { "content-type": "text/plain" } },
      { body: "x".repeat(5000), headers: { "content-type": "application/json" } },
      { body: "{", headers: { "content-type": "application/json" } },
    ]) {
      expect((await door.askPlainly("/api/v1/skills/a/run", { method: "POST", ...init })).status).toBe(401);
    }
  });

  it("leaves a refused call in the audit log", async () => {
    const door = await openDoor();
    await door.askPlainly("/api/v1/artifacts/7", { method: "DELETE" });
    expect(door.lines.map((line) => line.fields)).toContainEqual(
      expect.objectContaining({ audit: "artifact.delete", outcome: "AUTH_REQUIRED", actor: "anonymous" }),
    );
  });
});

describe("a key in the query", () => {
  it("is taken where the route says so, is no argument, and is never logged", async () => {
    const door = await openDoor();
    const answer = await door.askPlainly("/api/events?apiKey=owner-key&sources=api");
    expect(answer.status).toBe(200);
    await answer.text();
    expect(door.desk.calls.at(-1)?.input).toEqual({ sources: "api" });
    expect((await door.askPlainly("/api/events?apiKey=wrong")).status).toBe(401);
    expect((await door.askPlainly("/api/events?apiKey=owner-key&apiKey=reader-key")).status).toBe(401);
    expect((await door.ask("/api/events?apiKey=reader-key")).status).toBe(401);
    expect(JSON.stringify(door.lines)).not.toMatch(/owner-key|apiKey/);
  });
});

describe("a signed link", () => {
  const path = "/api/v1/artifacts/art_7/download";

  it("stands in for a key, and its fields are no arguments", async () => {
    const door = await openDoor();
    const answer = await door.askPlainly(`${path}?expires=99&signature=${encodeURIComponent(`signed:${path}`)}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("hello");
    expect(JSON.stringify(door.lines)).not.toContain("signed:");
  });

  it("is refused when it is wrong, for another address, or where links are not taken", async () => {
    const door = await openDoor();
    const link = `signature=${encodeURIComponent(`signed:${path}`)}`;
    const wrong = await door.ask(`${path}?signature=no`);
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({
      error: { code: "AUTH_REQUIRED", message: expect.stringContaining("link") },
    });
    expect((await door.askPlainly(`/api/v1/artifacts/8/download?${link}`)).status).toBe(401);
    expect((await door.askPlainly(`/api/v1/artifacts?${link}`)).status).toBe(401);
  });

  it("is not needed with a key", async () => {
    const door = await openDoor();
    expect((await door.ask(path)).status).toBe(200);
    expect((await door.askPlainly(path)).status).toBe(401);
  });
});

describe("the client's address", () => {
  const seenWith = async (trustProxy: number, forwarded: string) => {
    const door = await openDoor({ trustProxy });
    await door.ask(list, { headers: { "x-forwarded-for": forwarded } });
    return door.desk.calls.at(-1)?.ip;
  };

  it("is the socket's unless proxies are trusted, and then that many hops back", async () => {
    expect(await seenWith(0, "203.0.113.9")).toBe("127.0.0.1");
    expect(await seenWith(1, "198.51.100.1, 203.0.113.9")).toBe("203.0.113.9");
    expect(await seenWith(2, "198.51.100.1, 203.0.113.9")).toBe("198.51.100.1");
  });

  it("is never text that is no address", async () => {
    expect(await seenWith(1, "<script>")).toBe("127.0.0.1");
  });
});
