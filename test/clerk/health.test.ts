import { describe, expect, it } from "vitest";
import { everyClerkTool, testRecorder } from "../support/clerk-raw-calls.js";
import { refusal } from "../support/services.js";

describe("clerk_health_check", () => {
  const bench = async () => {
    const recorder = await testRecorder();
    return { recorder, ...(await everyClerkTool({ backend: recorder.url })) };
  };

  it.each(["clerk_health_check", "clerk_get_current_user", "health_check"])("answers one user as %s", async (name) => {
    const { recorder, call } = await bench();
    recorder.answer(() => ({ body: [{ object: "user", id: "user_1" }] }));
    expect(await call(name)).toEqual({
      ok: true,
      user: { object: "user", id: "user_1" },
      latency_ms: expect.any(Number) as number,
    });
    expect(recorder.arrived.map(({ method, target }) => `${method} ${target}`)).toEqual(["GET /v1/users?limit=1"]);
  });

  it("finds an empty instance in good health", async () => {
    const { recorder, call } = await bench();
    recorder.answer(() => ({ body: [] }));
    const answer = await call("clerk_health_check");
    expect(Object.keys(answer)).toEqual(["ok", "latency_ms"]);
    expect(answer.latency_ms).toBeGreaterThanOrEqual(0);
  });

  it("fails as every Clerk tool does", async () => {
    const { recorder, call } = await bench();
    recorder.answer(() => ({ status: 401, body: {} }));
    await expect(call("clerk_health_check")).rejects.toEqual(refusal("UPSTREAM_FAILED", "CLERK_SECRET_KEY"));
    await expect(call("clerk_health_check", {}, { clerkAccount: "work" })).rejects.toEqual(
      refusal("CLERK_NOT_CONFIGURED", "CLERK_SECRET_KEY_WORK"),
    );
    await expect(call("clerk_health_check", {}, { scopes: new Set() })).rejects.toEqual(refusal("PERMISSION_REQUIRED"));
  });
});
