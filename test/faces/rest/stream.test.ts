import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { StreamAnswer, type StreamEvent } from "../../../src/core/answer.js";
import { sendEvents } from "../../../src/faces/rest/stream.js";
import { openDoor } from "./door.js";

const forever = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));

describe("an event stream", () => {
  it("sends id, event and data, and ends when the source does", async () => {
    const door = await openDoor();
    door.desk.events = async function* () {
      yield { id: "1", event: "execution-state", data: { text: "a\nb" } };
      yield { event: "odd\nname", data: undefined };
    };
    const answer = await door.ask("/api/events");
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(answer.headers.get("x-accel-buffering")).toBe("no");
    expect(answer.headers.get("cache-control")).toContain("no-store");
    expect(answer.headers.get("x-request-id")).toBe("req_1");
    expect(await answer.text()).toBe(
      'id: 1\nevent: execution-state\ndata: {"text":"a\\nb"}\n\nevent: odd name\ndata: null\n\n',
    );
  });

  it("starts before its first event", async () => {
    const door = await openDoor();
    door.desk.events = async function* (signal) {
      await forever(signal);
      yield { event: "never", data: 0 };
    };
    const client = new AbortController();
    const answer = await door.ask("/api/events", { signal: client.signal });
    expect(answer.status).toBe(200);
    client.abort();
  });

  it("ends its source and aborts the call when the client leaves, waiting or not", async () => {
    const door = await openDoor();
    const seen: string[] = [];
    door.desk.events = async function* (signal) {
      signal.addEventListener("abort", () => seen.push("aborted"));
      try {
        yield { event: "first", data: 1 };
        await forever(signal);
      } finally {
        seen.push("closed");
      }
    };
    const client = new AbortController();
    const answer = await door.ask("/api/events", { signal: client.signal });
    await answer.body?.getReader().read();
    client.abort();
    await expect.poll(() => [...seen].sort()).toEqual(["aborted", "closed"]);
    expect(door.lines.filter((line) => line.level === "error")).toEqual([]);
  });

  it("calls return of a source that never hears the signal", async () => {
    const door = await openDoor();
    let returned = 0;
    const never: AsyncIterator<StreamEvent> = {
      next: () => new Promise(() => undefined),
      return: async () => {
        returned += 1;
        return { done: true, value: undefined };
      },
    };
    door.desk.events = () => ({ [Symbol.asyncIterator]: () => never });
    const client = new AbortController();
    await door.ask("/api/events", { signal: client.signal });
    client.abort();
    await expect.poll(() => returned).toBe(1);
  });

  it("does not outrun a client that reads slowly", async () => {
    const door = await openDoor();
    let made = 0;
    door.desk.events = async function* () {
      for (; made < 100_000; made += 1) yield { event: "bulk", data: "x".repeat(10_000) };
    };
    const client = new AbortController();
    const answer = await door.ask("/api/events", { signal: client.signal });
    await answer.body?.getReader().read();
    // Buffers fill as fast as the machine lets them; then nothing more is made.
    let before = -1;
    while (made !== before) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(made).toBeLessThan(5000);
    client.abort();
  });

  it("that fails half-way ends with an error event that hides the cause", async () => {
    const door = await openDoor();
    door.desk.events = async function* () {
      yield { event: "first", data: 1 };
      throw new Error("secret path");
    };
    const text = await (await door.ask("/api/events")).text();
    expect(text).toContain("event: error\n");
    expect(text).toContain('"INTERNAL"');
    expect(text).not.toContain("secret path");
    expect(door.lines.filter((line) => line.level === "error")).toHaveLength(1);
  });

  it("is not started by HEAD", async () => {
    const door = await openDoor();
    let started = false;
    door.desk.events = async function* () {
      started = true;
      yield { event: "x", data: 1 };
    };
    const answer = await door.ask("/api/events", { method: "HEAD" });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect(started).toBe(false);
  });

  it("is told the last event a returning browser saw", async () => {
    const door = await openDoor();
    await (await door.ask("/api/events", { headers: { "last-event-id": "41" } })).text();
    expect(door.desk.calls.at(-1)?.input).toEqual({ last_event_id: "41" });
    await (await door.ask("/api/v1/skills", { headers: { "last-event-id": "41" } })).text();
    expect(door.desk.calls.at(-1)?.input).toEqual({ limit: 20 });
  });

  it("is kept alive by comments", async () => {
    const client = new AbortController();
    const source = new StreamAnswer({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) });
    const server = createServer((_req, res) => void sendEvents(res, source, { describe: () => null, pingMs: 20 }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => stop(server));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: client.signal });
    const chunk = await answer.body?.getReader().read();
    expect(new TextDecoder().decode(chunk?.value)).toMatch(/^: ping\n\n/);
    client.abort();
  });
});

describe("a client that hangs up", () => {
  it("aborts the call it was waiting for", async () => {
    const door = await openDoor();
    const client = new AbortController();
    const aborted = new Promise<boolean>((resolve) => {
      door.desk.waiting = (signal) => {
        client.abort();
        signal.addEventListener("abort", () => resolve(true));
        return forever(signal);
      };
    });
    const headers = { "x-api-key": "owner-key" };
    await expect(
      fetch(`${door.url}/api/v1/wait`, { method: "POST", headers, signal: client.signal }),
    ).rejects.toThrow();
    expect(await aborted).toBe(true);
    expect(door.lines.filter((line) => line.level === "error")).toEqual([]);
  });

  it("does not abort a call that was answered", async () => {
    const door = await openDoor();
    let signal: AbortSignal | undefined;
    door.desk.waiting = async (given) => {
      signal = given;
      return { done: true };
    };
    expect(await (await door.post("/api/v1/wait", {})).json()).toEqual({ done: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(signal?.aborted).toBe(false);
  });
});

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
