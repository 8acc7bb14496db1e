import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { codeOf, openDoor } from "./door.js";

const path = "/api/v1/skills/a/run";

describe("a JSON body", () => {
  it.each(["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
    "is taken as %s",
    async (type) => {
      const door = await openDoor();
      expect((await door.post(path, { input: "ü€" }, { "content-type": type })).status).toBe(200);
      expect(door.desk.calls.at(-1)?.input).toEqual({ slug: "a", input: "ü€" });
    },
  );

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "text/json",
    "",
    "application/json-patch+json",
  ])("is refused as %j", async (type) => {
    const door = await openDoor();
    const answer = await door.post(path, { input: "x" }, { "content-type": type });
    expect([answer.status, await codeOf(answer)]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    expect(door.desk.calls).toEqual([]);
  });

  it("is refused when it is compressed", async () => {
    const door = await openDoor();
    const answer = await door.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync('{"input":"x"}'),
    });
    expect([answer.status, await codeOf(answer)]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  it.each(["{", "", '{"input":}', '{"input":"x"} {}', "[]", '"text"', "null", "7", "[[1]]", " "])(
    "is refused with 400 when it is %j",
    async (body) => {
      const door = await openDoor();
      const answer = await door.post(path, body);
      expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_INPUT"]);
      expect(door.desk.calls).toEqual([]);
    },
  );

  it("is refused when it is not UTF-8", async () => {
    const door = await openDoor();
    const answer = await door.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.from('{"input":"\xff"}', "latin1"),
    });
    expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_INPUT"]);
  });

  it("may be left out where nothing is required", async () => {
    const door = await openDoor();
    const install = "/api/v1/skills/a/install";
    expect((await door.ask(install, { method: "POST" })).status).toBe(200);
    expect((await door.ask(install, { method: "POST", headers: { "content-type": "text/plain" } })).status).toBe(200);
    expect((await door.post(install, {})).status).toBe(200);
  });

  it("may be 64 levels deep and no deeper, brackets in text aside", async () => {
    const door = await openDoor({ maxBody: 100_000 });
    const nested = (levels: number) => `{"input":"x","extra":${'{"a":'.repeat(levels)}1${"}".repeat(levels)}}`;
    expect((await door.post(path, nested(63))).status).toBe(200);
    const answer = await door.post(path, nested(64));
    expect([answer.status, await codeOf(answer)]).toEqual([400, "INVALID_INPUT"]);
    expect((await door.post(path, "[".repeat(50_000))).status).toBe(400);
    expect((await door.post(path, { input: `\\"${"[{".repeat(500)}` })).status).toBe(200);
  });

  it("cannot reach a prototype", async () => {
    const door = await openDoor();
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const answer = await door.post(path, `{"input":"x","${name}":{"polluted":1}}`);
      expect(answer.status).toBe(400);
      expect((await door.post(path, `{"input":"x","extra":{"${name}":{"polluted":1}}}`)).status).toBe(200);
    }
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    for (const call of door.desk.calls) {
      expect((call.input as { extra: { polluted?: number } }).extra.polluted).toBeUndefined();
    }
  });
});

describe("a body that is too large", () => {
  it("is refused by its announced length before it comes", async () => {
    const door = await openDoor({ maxBody: 1024 });
    const answer = await door.wire(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: owner-key\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n`,
      /\}$/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain("PAYLOAD_TOO_LARGE");
  });

  it("is refused as soon as its chunks pass the limit", async () => {
    const door = await openDoor({ maxBody: 1024 });
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: owner-key\r\nContent-Type: application/json\r\n`;
    const answer = await door.wire(`${head}Transfer-Encoding: chunked\r\n\r\n401\r\n${" ".repeat(1025)}\r\n`, /\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("is cut off when it comes in chunks without an end", async () => {
    const door = await openDoor({ maxBody: 1024 });
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: owner-key\r\nContent-Type: application/json\r\n`;
    const socket = connect(door.port, "127.0.0.1");
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    let answer = "";
    socket.on("data", (bytes) => (answer += bytes.toString()));
    socket.on("error", () => undefined);
    const flood = setInterval(() => socket.write(`400\r\n${" ".repeat(1024)}\r\n`), 1);
    const closed = new Promise<string>((resolve) => socket.once("close", () => resolve("closed")));
    const patience = new Promise<string>((resolve) => setTimeout(() => resolve("still open"), 5000));
    expect(await Promise.race([closed, patience])).toBe("closed");
    clearInterval(flood);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect((await door.ask("/api/v1/skills")).status).toBe(200);
  });

  it("that is not far over the limit gets its answer, and the connection goes on", async () => {
    const door = await openDoor({ maxBody: 100_000 });
    for (let round = 0; round < 10; round += 1) {
      const answer = await door.post(path, { input: "x".repeat(150_000) });
      expect([answer.status, await codeOf(answer)]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    }
    expect((await door.post(path, { input: "x".repeat(90_000) })).status).toBe(200);
  });

  it("that breaks off half-way harms nobody", async () => {
    const door = await openDoor();
    await new Promise<void>((resolve) => {
      void door
        .wire(
          `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: owner-key\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n{"inp`,
          /100 Continue/,
        )
        .then(() => resolve());
    });
    expect((await door.ask("/api/v1/skills")).status).toBe(200);
    expect(door.desk.calls.map((call) => call.operation)).toEqual(["list-skills"]);
    expect(door.lines.filter((line) => line.level === "error")).toEqual([]);
  });
});
