import { describe, expect, it } from "vitest";
import { BinaryAnswer } from "../../../src/core/answer.js";
import { ERRORS } from "../../../src/core/errors.js";
import { codeOf, openDoor } from "./door.js";

const kinds = Object.entries(ERRORS).map(([code, { status, type }]) => ({ code, status, type }));

describe("errors", () => {
  it.each(kinds)("$code is $status", async ({ code, status, type }) => {
    const door = await openDoor();
    const answer = await door.post("/api/v1/fail", { code });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    const body = (await answer.json()) as { error: string | { type: string; code: string } };
    if (typeof body.error === "string") expect(body).toMatchObject({ error: code, hint: 1, request_id: "req_1" });
    else {
      expect(body.error).toMatchObject({ type, code, message: `This is ${code}.`, details: { hint: 1 } });
      expect(body.error).toHaveProperty("request_id", "req_1");
    }
    expect(JSON.stringify(body)).not.toContain("hidden");
  });

  it("an unknown throw tells nothing but its request id, and is logged once with its cause", async () => {
    const door = await openDoor();
    const answer = await door.post("/api/v1/fail", { code: "surprise" });
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toMatch(/srv|store\.db|Error:|<html|\.js|\.ts/i);
    expect(JSON.parse(text)).toMatchObject({ error: { code: "INTERNAL", type: "api_error", request_id: "req_1" } });
    const failures = door.lines.filter((line) => line.level === "error");
    expect(failures).toHaveLength(1);
    expect(failures[0]?.fields).toHaveProperty("err");
  });

  it("an answer that is no JSON is an error, not half an answer", async () => {
    const door = await openDoor();
    door.desk.waiting = async () => ({ big: 1n });
    const answer = await door.post("/api/v1/wait", {});
    expect([answer.status, await codeOf(answer)]).toEqual([500, "INTERNAL"]);
  });
});

describe("the headers of every answer", () => {
  const paths = ["/api/v1/skills", "/api/v1/skills/a", "/api/none", "/api/v1/skills?limit=0", "/api/openapi.json"];

  it.each([...paths, "/healthz", "/skill.md", "/none"])("%s carries a request id and protections", async (path) => {
    const door = await openDoor();
    const { headers } = await door.ask(path);
    expect(headers.get("x-request-id")).toBe("req_1");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("etag")).toBeNull();
  });

  it.each(paths)("%s varies and names the version", async (path) => {
    const door = await openDoor();
    const { headers } = await door.ask(path);
    expect(headers.get("vary")).toMatch(/x-api-key.*authorization/);
    expect(headers.get("clanker-version")).toBe("2026-11-01");
  });

  it("no conditional request is answered from a cache", async () => {
    const door = await openDoor();
    const answer = await door.ask("/api/v1/skills", { headers: { "if-none-match": "*" } });
    expect(answer.status).toBe(200);
  });

  it("the caller's request id comes back, and an odd one is replaced", async () => {
    const door = await openDoor();
    const idFor = async (id: string) =>
      (await door.ask("/api/v1/skills", { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await idFor("Trace-1:a.b_c")).toBe("Trace-1:a.b_c");
    expect(await idFor("x".repeat(128))).toBe("x".repeat(128));
    for (const odd of ["x".repeat(129), "a b", "a,b", "<b>", "é"]) expect(await idFor(odd)).toMatch(/^req_\d+$/);
    const refused = await door.ask("/api/v1/none", { headers: { "x-request-id": "mine" } });
    expect(await refused.json()).toMatchObject({ error: { request_id: "mine" } });
  });

  it.each(["2025-01-01", "2026-11-01", "2024-02-29"])("clanker-version %s is echoed", async (version) => {
    const door = await openDoor();
    const answer = await door.ask("/api/v1/skills", { headers: { "clanker-version": version } });
    expect([answer.status, answer.headers.get("clanker-version")]).toEqual([200, version]);
  });

  it.each([
    "2026-11-02",
    "9999-01-01",
    "2025-02-30",
    "2025-13-01",
    "2025-1-1",
    "latest",
    "2025-01-01T00:00",
    "2025-01-01, 2025-01-01",
  ])("clanker-version %s is refused", async (version) => {
    const door = await openDoor();
    const answer = await door.ask("/api/v1/skills", { headers: { "clanker-version": version } });
    expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_VERSION"]);
    expect(door.desk.calls).toEqual([]);
  });

  it("the log names the route's pattern, never the address", async () => {
    const door = await openDoor();
    await (await door.ask("/api/v1/skills/private-name?x=hush")).text();
    await expect.poll(() => door.lines.filter((line) => line.message === "request")).toHaveLength(1);
    const request = door.lines.find((line) => line.message === "request");
    expect(request?.fields).toMatchObject({ method: "GET", route: "/api/v1/skills/:slug", status: 400 });
    expect(JSON.stringify(door.lines)).not.toMatch(/private-name|hush/);
  });
});

describe("a file", () => {
  const download = async (file: BinaryAnswer, method = "GET") => {
    const door = await openDoor();
    door.desk.file = file;
    return door.ask("/api/v1/artifacts/7/download", { method });
  };

  it("comes as its bytes, to be saved under its name", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const answer = await download(new BinaryAnswer(bytes, "image/png", "chart.png"));
    expect(answer.headers.get("content-type")).toBe("image/png");
    expect(answer.headers.get("content-length")).toBe("256");
    expect(answer.headers.get("content-disposition")).toBe("attachment; filename=chart.png");
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
    const head = await download(new BinaryAnswer(bytes, "image/png", "chart.png"), "HEAD");
    expect(head.headers.get("content-length")).toBe("256");
  });

  it("that is a page cannot act on this origin", async () => {
    const answer = await download(new BinaryAnswer(Buffer.from("<script>"), "text/html", "page.html"));
    expect(answer.headers.get("content-type")).toBe("text/html");
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^sandbox allow-scripts; default-src 'none'/);
    expect(policy).not.toMatch(/allow-same-origin|connect-src|https?:/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each([
    ["Übersicht 2026.pdf", `attachment; filename="?bersicht 2026.pdf"; filename*=UTF-8''%C3%9Cbersicht%202026.pdf`],
    ["../../etc/passwd", "attachment; filename=.._.._etc_passwd"],
    ["..\\..\\boot.ini", "attachment; filename=.._.._boot.ini"],
    ["..", "attachment; filename=artifact"],
    ["", "attachment; filename=artifact"],
    ['a"; filename="b.exe', 'attachment; filename="a\\"; filename=\\"b.exe"'],
    ["a\r\nSet-Cookie: x=1\0.txt", 'attachment; filename="a__Set-Cookie: x=1_.txt"'],
    ["report\u202efdp.exe", "attachment; filename=report_fdp.exe"],
    ["half \ud83d.txt", 'attachment; filename="half _.txt"'],
    ["😀.txt", `attachment; filename="??.txt"; filename*=UTF-8''%F0%9F%98%80.txt`],
  ])("named %j is saved harmlessly", async (name, disposition) => {
    const answer = await download(new BinaryAnswer(Buffer.from("x"), "text/plain", name));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-disposition")).toBe(disposition);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  it.each(["text/html\r\nSet-Cookie: a=b", "nonsense", "", "text/html, text/plain", "a/b; x=é"])(
    "with the media type %j is sent as plain bytes",
    async (mimeType) => {
      const answer = await download(new BinaryAnswer(Buffer.from("x"), mimeType, "x.html"));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
    },
  );
});
