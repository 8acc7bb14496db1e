import { z } from "zod";
import { define } from "../define.js";

export const workspaces = [
  define({
    tool: "get-current-workspace",
    route: { method: "GET", path: "/api/v1/workspaces/current" },
    toolset: "workspaces",
    title: "Get the current workspace",
    description: "The workspace that this key or session works in, and your role there.",
    effect: "read",
    scope: "none",
    input: z.strictObject({}),
    output: z.object({
      id: z.string(),
      name: z.string(),
      slug: z.string(),
      role: z.enum(["owner", "admin", "member"]),
    }),
    errors: ["NOT_FOUND"],
    run: (_input, { services, caller }) => services.workspaces.current(caller.workspace, caller.person),
  }),
];
