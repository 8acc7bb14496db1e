import { z } from "zod";
import { define } from "../define.js";
import { CLERK_ERRORS } from "./define.js";

/** Whether Clerk can be reached with the key that is set. */
export const health = [
  define({
    tool: "clerk_health_check",
    aliases: ["clerk_get_current_user", "health_check"],
    route: { method: "POST", path: "/api/v1/clerk/clerk_health_check" },
    toolset: "clerk-instance",
    title: "Check the Clerk connection",
    description:
      "Tells whether Clerk answers with the key that is set, and how fast: ok, latency_ms, and one user if there are any.",
    effect: "read",
    scope: "clerk:read",
    input: z.strictObject({}),
    errors: CLERK_ERRORS,
    run: async (_input, { services, caller, signal }) => {
      const started = performance.now();
      const query = new URLSearchParams({ limit: "1" });
      const call = { account: caller.clerkAccount, read: true, signal };
      const { data } = await services.clerk.raw(call, { method: "GET", path: "/users", query });
      const user: unknown = Array.isArray(data) ? data[0] : undefined;
      return { ok: true, ...(user !== undefined && { user }), latency_ms: Math.round(performance.now() - started) };
    },
  }),
];
