import { z } from "zod";
import { define } from "../define.js";

const profile = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
  created_at: z.string(),
  version: z.int(),
});

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
    output: profile,
    errors: ["NOT_FOUND"],
    run: (_input, { services, caller }) => services.people.profile(caller.person),
  }),
  define({
    tool: "update-profile",
    route: { method: "PATCH", path: "/api/v1/profile" },
    toolset: "account",
    title: "Update the profile",
    description: "Change the name or the e-mail address of the person whose key this is.",
    effect: "write",
    scope: "profile:write",
    audit: { action: "profile.update", resource: "profile" },
    input: z
      .strictObject({
        name: z.string().trim().min(1).max(100).optional().describe("leave out to keep it"),
        email: z.email().max(254).optional().describe("leave out to keep it"),
        version: z.int().min(1).optional().describe("the version that was read, to refuse a change made meanwhile"),
      })
      .refine(({ name, email }) => name !== undefined || email !== undefined, "give a name or an email"),
    output: profile,
    errors: ["NOT_FOUND", "CONFLICT"],
    run: (input, { services, caller }) => services.people.change(caller.person, input),
  }),
];
