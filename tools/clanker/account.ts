import { z } from "zod";
import { define } from "../define.js";

export const account = [
  define({
    tool: "get-profile",
    route: { method: "GET", path: "/api/v1/profile" },
    toolset: "account",
    title: "Get the profile",
    description: "The person whose key this is.",
    effect: "read",
    scope: "profile:read",
    input: z.strictObject({}),
    output: z.object({ id: z.string(), name: z.string(), email: z.string().optional(), created_at: z.string() }),
    errors: ["NOT_FOUND"],
    run: (_input, { services, caller }) => services.workspaces.profile(caller.person),
  }),
];
