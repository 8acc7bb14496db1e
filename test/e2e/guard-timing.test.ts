import { performance } from "node:perf_hooks";
import { afterAll, expect, it } from "vitest";
import { withOtherCharacter } from "../support/forged.js";
import { endPrograms, runProgram, startServer } from "../support/program.js";
import { rawRequest } from "../support/raw-request.js";

afterAll(endPrograms);

const ROUNDS = 200;
function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

it.each([
  ["REST", "GET", "/api/v1/memory"],
  ["MCP", "POST", "/mcp"],
])(
  "P27: %s takes as long to refuse a key that is nearly right as one that is all wrong",
  { timeout: 180_000 },
  async (_door, method, path) => {
    const server = await startServer();
    const made = await runProgram(["keys", "create", "--name", "x"], { home: server.home });
    const stored = made.stdout.split("\n")[0] ?? "";
    expect(stored).toMatch(/^ck_/);
    const guesses = [server.key, stored].flatMap((key) => [
      { guess: "nearly right", key: withOtherCharacter(key, -1) },
      { guess: "half right", key: `${key.slice(0, key.length / 2)}${"x".repeat(Math.ceil(key.length / 2))}` },
      { guess: "wrong from the start", key: withOtherCharacter(key, 0) },
      { guess: "all wrong", key: "x".repeat(key.length) },
    ]);
    const timed = async (key: string) => {
      const began = performance.now();
      const answer = await rawRequest(server.url, { method, path, headers: [["x-api-key", key]] });
      expect(answer.status).toBe(401);
      return performance.now() - began;
    };
    /** How far the medians are apart, and what they are. */
    const measure = async (rounds: number) => {
      const times = guesses.map((): number[] => []);
      for (let round = 0; round < rounds; round += 1) {
        // Each round in another order, so that whatever slows the machine slows all of them.
        for (let step = 0; step < guesses.length; step += 1) {
          const at = (step * 3 + round) % guesses.length;
          times[at]?.push(await timed(guesses[at]?.key ?? ""));
        }
      }
      const medians = times.map(median);
      const told = guesses.map(({ guess }, at) => `${guess}: ${medians[at]?.toFixed(3)} ms`).join(", ");
      return { apart: Math.max(...medians) - Math.min(...medians), told };
    };
    await measure(20);
    let found = await measure(ROUNDS);
    // A leak shows every time; a busy machine does not.
    for (let again = 0; again < 2 && found.apart >= 0.5; again += 1) found = await measure(ROUNDS);
    expect(found.apart, found.told).toBeLessThan(0.5);
  },
);
