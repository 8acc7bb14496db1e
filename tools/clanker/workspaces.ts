import { z } from "zod";
import { allows, isPerson } from "../../src/core/caller.js";
import { AppError, notFound } from "../../src/core/errors.js";
import { idInput, parseId } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { invitationView, memberView, workspaceView } from "../../src/core/shapes/workspace.js";
import { define } from "../define.js";

export const workspaces = [
  define({
    tool: "list-workspaces",
    route: { method: "GET", path: "/api/v1/workspaces" },
    toolset: "workspaces",
    title: "List workspaces",
    description: "The workspaces that the person of this key belongs to; a key without scope * sees its own only.",
    effect: "read",
    scope: "none",
    input: z.strictObject(pageInput),
    output: pageOf(workspaceView),
    errors: ["INVALID_CURSOR", "NOT_FOUND"],
    async run(input, { services, caller }) {
      if (isPerson(caller) || allows(caller.scopes, "owner")) return services.workspaces.page(caller.person, input);
      const own = await services.workspaces.current(caller.workspace, caller.person);
      const data = input.after_id === undefined && input.before_id === undefined ? [own] : [];
      return { data, first_id: data[0]?.id ?? null, last_id: data[0]?.id ?? null, has_more: false };
    },
  }),
  define({
    tool: "create-workspace",
    route: { method: "POST", path: "/api/v1/workspaces" },
    toolset: "workspaces",
    title: "Create a workspace",
    description: "Make a workspace of its own memory, skills, keys and secrets; switch-workspace takes a key there.",
    effect: "write",
    scope: "owner",
    idempotent: true,
    audit: { action: "workspace.create", resource: "workspace" },
    input: z.strictObject({
      name: z.string().trim().min(1).max(100),
      slug: z
        .string()
        .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
        .max(60)
        .describe("small letters, digits and hyphens, unique on this server"),
    }),
    output: workspaceView,
    errors: ["CONFLICT", "NOT_FOUND"],
    run: (input, { services, caller }) => services.workspaces.create(caller.person, input),
  }),
  define({
    tool: "get-current-workspace",
    route: { method: "GET", path: "/api/v1/workspaces/current" },
    toolset: "workspaces",
    title: "Get the current workspace",
    description: "The workspace that this key or session works in, and your role there.",
    effect: "read",
    scope: "none",
    input: z.strictObject({}),
    output: workspaceView,
    errors: ["NOT_FOUND"],
    run: (_input, { services, caller }) => services.workspaces.current(caller.workspace, caller.person),
  }),
  define({
    tool: "switch-workspace",
    route: { method: "PUT", path: "/api/v1/workspaces/current" },
    toolset: "workspaces",
    title: "Switch the workspace",
    description:
      "Bind the calling key to another workspace of its person, by id or slug; where the person is a member only, it keeps a member's scopes. Its open sessions end: connect again.",
    effect: "write",
    scope: "owner",
    audit: { action: "workspace.switch", resource: "workspace" },
    input: z.strictObject({ workspace: z.string().min(1).max(64).describe("a workspace's id or slug") }),
    output: workspaceView,
    errors: ["NOT_FOUND", "CONFLICT"],
    async run(input, { services, caller, concerns }) {
      const target = await services.workspaces.find(caller.person, input.workspace);
      if (caller.key === undefined) throw cannotSwitch(isPerson(caller));
      await services.keys.rebind(caller, target, await services.signIns.scopesIn(target, caller.person));
      concerns(target);
      return services.workspaces.current(target, caller.person);
    },
  }),
  define({
    tool: "list-workspace-members",
    route: { method: "GET", path: "/api/v1/workspaces/:id/members" },
    toolset: "workspaces",
    title: "List members",
    description: "The people of this key's workspace and their roles.",
    effect: "read",
    scope: "none",
    input: z.strictObject({ id: idInput("workspace"), ...pageInput }),
    output: pageOf(memberView),
    errors: ["NOT_FOUND", "INVALID_CURSOR"],
    run({ id, ...input }, { services, caller }) {
      requireOwn(caller.workspace, id);
      return services.workspaces.members(caller.workspace, input);
    },
  }),
  define({
    tool: "invite-workspace-member",
    route: { method: "POST", path: "/api/v1/workspaces/:id/invitations" },
    toolset: "workspaces",
    title: "Invite a member",
    description: "Make a link that lets one person into this workspace, good once, for seven days. Send it yourself.",
    effect: "write",
    scope: "owner",
    audit: { action: "invitation.create", resource: "invitation" },
    confidential: true,
    input: z.strictObject({
      id: idInput("workspace"),
      email: z.email().max(254),
      role: z.enum(["admin", "member"]).describe("admin: keys, members and secrets too"),
    }),
    output: invitationView,
    errors: ["NOT_FOUND", "CONFLICT"],
    run({ id, ...who }, { services, caller }) {
      requireOwn(caller.workspace, id);
      return services.invitations.create(caller.workspace, caller.person, who);
    },
  }),
];

/** Another workspace is one that does not exist, to a key that is bound to this one. */
function requireOwn(own: number, id: string): void {
  if (parseId("workspace", id) !== own) throw notFound("workspace", id, "get-current-workspace");
}

function cannotSwitch(person: boolean): AppError {
  return person
    ? new AppError("INVALID_INPUT", "A signed-in person switches with the x-workspace-id header; this binds keys.")
    : new AppError(
        "ACCESS_DENIED",
        "The owner's own key and stdio stay in the first workspace; make a key with create-workspace-key and switch that.",
      );
}
