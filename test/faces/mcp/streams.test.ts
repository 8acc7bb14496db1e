import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callOf, eventually, openSession, serveHttp, type HttpBench } from "./workbench.js";

interface SseEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Reads events off a stream as they come; `left` cuts the connection after so many. */
async function readEvents(response: Response, left = Number.POSITIVE_INFINITY): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  let text = "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader && events.length < left) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks.filter((one) => !one.startsWith(":"))) {
      events.push({ id: /^id: (.*)$/m.exec(block)?.[1], data: /^data: ?(.*)$/m.exec(block)?.[1] ?? "" });
    }
  }
  await reader?.cancel().catch(() => undefined);
  return events;
}

const messages = (events: SseEvent[]) => events.filter(({ data }) => data !== "").map(({ data }) => JSON.parse(data));

describe("answers and streams over Streamable HTTP", () => {
  let bench: HttpBench;
  let session: Record<string, string>;
  beforeEach(async () => {
    bench = await serveHttp();
    session = await openSession(bench);
  });
  afterEach(() => bench.close());

  /** Lets no `wait` be over until it is told to. */
  const hold = (): (() => void) => {
    let release = (): void => undefined;
    bench.services.held = new Promise((resolve) => (release = resolve));
    return release;
  };

  const resume = (last: string | undefined) =>
    fetch(`${bench.base}/mcp`, {
      headers: { ...session, accept: "text/event-stream", ...(last && { "last-event-id": last }) },
    });
  /** Opens a stream; the one before it may still be closing. */
  const resumeAgain = async (last: string | undefined): Promise<Response> => {
    for (;;) {
      const stream = await resume(last);
      if (stream.status !== 409) return stream;
      await stream.body?.cancel();
      await sleep(10);
    }
  };
  /** Opens and leaves a stream. */
  const statusOfResume = async (last: string): Promise<number> => {
    const stream = await resumeAgain(last);
    await stream.body?.cancel();
    return stream.status;
  };
  const progressing = (id: number, ms: number, steps: number) =>
    bench.post(callOf(id, "wait", { ms, steps }, { progressToken: id }), session);

  it("are plain JSON where the answer is the first thing to say", async () => {
    const response = await bench.post(callOf(2, "say", { marker: "ä😀" }), session);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("mcp-session-id")).toBe(session["mcp-session-id"]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ id: 2, result: { structuredContent: { marker: "ä😀" } } });
  });

  it("leave nothing behind when they were given as JSON", async () => {
    await bench.post(callOf(2, "say", { marker: "x" }), session);
    for (const guess of ["1", "2", "3", "4", "5", "6"]) {
      // A kept answer would be 204: its stream is complete.
      expect(await statusOfResume(guess), guess).toBe(200);
    }
  });

  it("are a stream where there is progress", async () => {
    const response = await progressing(2, 60, 3);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const told = messages(await readEvents(response));
    expect(told.map((message) => message.method ?? "answer")).toEqual([
      "notifications/progress",
      "notifications/progress",
      "notifications/progress",
      "answer",
    ]);
  });

  it("become a stream when the answer takes long, with comments against silence", async () => {
    await bench.close();
    bench = await serveHttp({ patienceMs: 300, keepAliveMs: 100 });
    session = await openSession(bench);
    const response = await bench.post(callOf(2, "wait", { ms: 700 }), session);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const text = await response.text();
    expect(text).toMatch(/^:/m);
    expect(text).toContain('"waited":700');
  });

  it("go on when the stream breaks, and are fetched with Last-Event-ID, without gap or double", async () => {
    const before = await readEvents(await progressing(2, 400, 8), 3);
    await sleep(150);
    const after = await readEvents(await resume(before.at(-1)?.id));
    const told = [...messages(before), ...messages(after)];
    expect(told.map((message) => message.params?.progress ?? "answer")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, "answer"]);
    expect(bench.services.seen).toEqual(["started", "finished"]);
  });

  it("can be fetched after they were given, and end there", async () => {
    const before = await readEvents(await progressing(2, 200, 4), 2);
    await eventually(() => bench.services.seen.includes("finished"));
    await sleep(20);
    const after = await readEvents(await resume(before[0]?.id));
    expect(messages(after).at(-1)).toMatchObject({ id: 2, result: { structuredContent: { waited: 200 } } });
    const nothingMore = await resume(after.at(-1)?.id);
    expect(nothingMore.status).toBe(204);
  });

  it("are not handed to another session that names the event", async () => {
    const before = await readEvents(await progressing(2, 200, 4), 2);
    const stranger = await openSession(bench, "key-of-bob");
    const stream = await fetch(`${bench.base}/mcp`, {
      headers: { ...stranger, accept: "text/event-stream", "last-event-id": before[0]?.id ?? "" },
    });
    await eventually(() => bench.services.seen.includes("finished"));
    await bench.install({ slug: "x", title: "X", description: "x", instructions: "x" }, 2);
    expect(messages(await readEvents(stream, 2))).toEqual([
      { jsonrpc: "2.0", method: "notifications/prompts/list_changed" },
      { jsonrpc: "2.0", method: "notifications/resources/list_changed" },
    ]);
  });

  it("replay the notifications that a dropped listening stream missed", async () => {
    const first = await resume(undefined);
    await eventually(() => bench.subscriptions.open === 1);
    await bench.install({ slug: "a", title: "A", description: "a", instructions: "a" });
    const [, seen] = await readEvents(first, 2);
    expect(seen?.data).toContain("prompts/list_changed");
    await sleep(50);
    await bench.addArtifact(1, "a.txt", "text/plain", Buffer.from("a"));
    await sleep(20);
    // The event that says where the stream goes on, the other half of the first change, and the second change.
    const missed = messages(await readEvents(await resumeAgain(seen?.id), 3));
    const changed = { jsonrpc: "2.0", method: "notifications/resources/list_changed" };
    expect(missed).toEqual([changed, changed]);
  });

  it("listen afresh where the named event is not kept", async () => {
    for (const last of ["12345", "nonsense"]) {
      expect(await statusOfResume(last)).toBe(200);
    }
  });

  it("allow one listening stream a session", async () => {
    const first = await resume(undefined);
    const second = await resume(undefined);
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ error: { data: { code: "CONFLICT" } } });
    await first.body?.cancel();
  });

  it("abort the work of a client that hangs up with nothing to resume from", async () => {
    const hangUp = new AbortController();
    const call = fetch(`${bench.base}/mcp`, {
      method: "POST",
      headers: { ...session, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify(callOf(2, "wait", { ms: 20_000 })),
      signal: hangUp.signal,
    });
    await eventually(() => bench.services.seen.includes("started"));
    hangUp.abort();
    await expect(call).rejects.toThrow();
    await eventually(() => bench.services.seen.includes("aborted"));
    for (;;) {
      const { status } = await bench.post(callOf(2, "say", { marker: "the id is free again" }), session);
      if (status === 200) break;
      expect(status).toBe(400);
      await sleep(5);
    }
  });

  it.each([
    ["before anything was sent", 0],
    ["in the middle of a stream", 100],
  ])("end the HTTP request of a call that is cancelled %s", async (_when, steps) => {
    const call = bench.post(callOf(2, "wait", { ms: 20_000, steps }, { progressToken: 2 }), session);
    await eventually(() => bench.services.seen.includes("started"));
    if (steps > 0) await call;
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 2 } };
    expect((await bench.post(cancelled, session)).status).toBe(202);
    const text = await (await call).text();
    expect(text).toContain('"code":-32800');
    await eventually(() => bench.services.seen.includes("aborted"));
  });

  it("ignore the cancelling of what does not run", async () => {
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 99 } };
    expect((await bench.post(cancelled, session)).status).toBe(202);
    expect((await bench.post(callOf(99, "say", { marker: "x" }), session)).status).toBe(200);
  });

  it("refuse an id that is still in use", async () => {
    const release = hold();
    const first = bench.post(callOf(2, "wait", { ms: 0 }), session);
    await eventually(() => bench.services.seen.includes("started"));
    expect((await bench.post(callOf(2, "say", { marker: "x" }), session)).status).toBe(400);
    release();
    expect(await (await first).json()).toMatchObject({ id: 2, result: { structuredContent: { waited: 0 } } });
  });

  it("refuse one of two requests that come at once with the same id, and answer the other", async () => {
    const release = hold();
    const both = [bench.post(callOf(2, "wait", { ms: 0 }), session), bench.post(callOf(2, "wait", { ms: 0 }), session)];
    await Promise.race(both);
    release();
    const answers = await Promise.all(both);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const answered = answers.find(({ status }) => status === 200);
    expect(await answered?.json()).toMatchObject({ id: 2, result: { structuredContent: { waited: 0 } } });
  });

  it("bring an official client back to its answer when its connection is cut", async () => {
    const { client } = await bench.streamable();
    const steps: number[] = [];
    const call = client.callTool({ name: "wait", arguments: { ms: 600, steps: 12 } }, undefined, {
      onprogress: ({ progress }) => {
        steps.push(progress);
        if (progress === 3) bench.requests.forEach((request) => request.socket.destroy());
      },
    });
    expect((await call).structuredContent).toEqual({ waited: 600 });
    expect(steps).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });
});
