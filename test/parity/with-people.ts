import { bad, badIds, badPages, type Call, good } from "./call.js";

const keys: Call[] = [
  good("create-workspace-key", "that reads", { name: "agent" }, { name: "agent" }, { keep: "made", codeOnly: true }),
  good(
    "create-workspace-key",
    "with scopes and a life as text",
    { name: "two", scopes: '["memory:read","*"]', expires_in: "60" },
    { scopes: ["memory:read", "*"] },
    { codeOnly: true },
  ),
  bad("create-workspace-key", "without a name", {}, "INVALID_INPUT"),
  bad("create-workspace-key", "with a name of blanks", { name: "  " }, "INVALID_INPUT"),
  bad("create-workspace-key", "with a scope that is none", { name: "x", scopes: ["memory:admin"] }, "INVALID_INPUT"),
  bad("create-workspace-key", "with no scope", { name: "x", scopes: [] }, "INVALID_INPUT"),
  bad("create-workspace-key", "without a life", { name: "x", expires_in: 0 }, "INVALID_INPUT"),
  bad("create-workspace-key", "with a key that reads", { name: "x" }, "PERMISSION_REQUIRED", { as: "reader" }),
  bad(
    "create-workspace-key",
    "with more than one has",
    { name: "x", scopes: ["clerk:secrets"] },
    "PERMISSION_REQUIRED",
    { as: "mover" },
  ),
  good("list-workspace-keys", "one", { limit: 1 }, { data: [{ name: "two" }], has_more: true }, { codeOnly: true }),
  bad("list-workspace-keys", "with a key that reads", {}, "PERMISSION_REQUIRED", { as: "reader" }),
  ...badPages("list-workspace-keys", "key_1"),
  good("revoke-workspace-key", "one", ({ made }) => ({ id: made.id }), { name: "agent" }, { codeOnly: true }),
  good("revoke-workspace-key", "it again", ({ made }) => ({ id: made.id }), { name: "agent" }, { codeOnly: true }),
  bad("revoke-workspace-key", "with a key that reads", { id: "1" }, "PERMISSION_REQUIRED", { as: "reader" }),
  ...badIds("revoke-workspace-key", "sec_1"),
];

const profile: Call[] = [
  good("get-profile", "at first", {}, { name: "Owner", version: 1 }),
  good("update-profile", "by name", { name: " Ada " }, { name: "Ada", version: 2 }),
  good("update-profile", "by address", { email: "ada@example.com", version: "2" }, { email: "ada@example.com" }),
  bad("update-profile", "over a change made meanwhile", { name: "Bob", version: 2 }, "CONFLICT"),
  bad("update-profile", "with nothing", {}, "INVALID_INPUT"),
  bad("update-profile", "with a name of blanks", { name: " " }, "INVALID_INPUT"),
  bad("update-profile", "with what is no address", { email: "ada" }, "INVALID_INPUT"),
  bad("update-profile", "with an argument it does not know", { name: "x", id: 2 }, "INVALID_INPUT"),
  bad("update-profile", "with a key that reads", { name: "Eve" }, "PERMISSION_REQUIRED", { as: "reader" }),
  good("get-profile", "that refused much", {}, { name: "Ada", email: "ada@example.com", version: 3 }),
];

const member = { email: "bob@example.com", role: "member" };
const membersOf = (id: string) => (call: Call) => ({ ...call, args: { id, ...(call.args as object) } });

const workspaces: Call[] = [
  good("create-workspace", "", { name: "ACME Bank", slug: "acme-bank" }, { id: "ws_2", role: "owner" }),
  bad("create-workspace", "with a slug that is taken", { name: "x", slug: "acme-bank" }, "CONFLICT"),
  bad("create-workspace", "with a slug of somebody's own", { name: "x", slug: "personal-7" }, "CONFLICT"),
  bad("create-workspace", "with what is no slug", { name: "x", slug: "ACME bank" }, "INVALID_INPUT"),
  bad("create-workspace", "without a name", { slug: "x" }, "INVALID_INPUT"),
  bad("create-workspace", "with a key that reads", { name: "x", slug: "x" }, "PERMISSION_REQUIRED", { as: "reader" }),
  good("list-workspaces", "all", {}, { first_id: "ws_2", last_id: "ws_1", has_more: false }),
  good("list-workspaces", "one", { limit: 1 }, { data: [{ id: "ws_2" }], has_more: true }),
  good("list-workspaces", "onwards", { limit: 1, after_id: "ws_2" }, { data: [{ id: "ws_1" }], has_more: false }),
  good("list-workspaces", "and back", { limit: 1, before_id: "1" }, { data: [{ id: "ws_2" }] }),
  good("list-workspaces", "with a key that reads", {}, { first_id: "ws_1", last_id: "ws_1" }, { as: "reader" }),
  ...badPages("list-workspaces", "ws_1").filter(({ title }) => !title.includes("another resource")),
  bad("list-workspaces", "after another resource", { after_id: "key_1" }, "INVALID_CURSOR"),
  bad("list-workspaces", "after one that was never given", { after_id: "ws_9" }, "INVALID_CURSOR"),
  good("get-current-workspace", "of the owner", {}, { id: "ws_1", role: "owner" }),
  good("switch-workspace", "to where the key is", { workspace: "personal" }, { id: "ws_1" }, { as: "mover" }),
  bad("switch-workspace", "to none", { workspace: "no-such" }, "NOT_FOUND"),
  bad("switch-workspace", "to one that was never given", { workspace: "ws_9" }, "NOT_FOUND"),
  bad("switch-workspace", "to nothing", { workspace: "" }, "INVALID_INPUT"),
  bad("switch-workspace", "with the owner's own key", { workspace: "acme-bank" }, "ACCESS_DENIED"),
  bad("switch-workspace", "with a key that reads", { workspace: "1" }, "PERMISSION_REQUIRED", { as: "reader" }),
  good("list-workspace-members", "", { id: "ws_1" }, { data: [{ id: "usr_1", role: "owner" }], has_more: false }),
  good("list-workspace-members", "with a key that reads", { id: 1 }, { first_id: "usr_1" }, { as: "reader" }),
  bad("list-workspace-members", "of another one", { id: "ws_2" }, "NOT_FOUND"),
  ...badIds("list-workspace-members", "exec_1"),
  ...badPages("list-workspace-members", "usr_1").map(membersOf("1")),
  good("invite-workspace-member", "", { id: "1", ...member }, { id: "inv_1", ...member }),
  bad("invite-workspace-member", "as its owner", { id: "1", ...member, role: "owner" }, "INVALID_INPUT"),
  bad("invite-workspace-member", "at no address", { id: "1", ...member, email: "bob" }, "INVALID_INPUT"),
  bad("invite-workspace-member", "to another one", { id: "ws_2", ...member }, "NOT_FOUND"),
  bad("invite-workspace-member", "with a key that reads", { id: "1", ...member }, "PERMISSION_REQUIRED", {
    as: "reader",
  }),
  ...badIds("invite-workspace-member", "exec_1", member),
];

const activation: Call[] = [
  good("activate-device", "", { client_label: "laptop" }, { expires_in: 600, interval: 2 }, { keep: "device" }),
  bad("activate-device", "without a label", {}, "INVALID_INPUT"),
  bad("activate-device", "with too long a label", { client_label: "x".repeat(101) }, "INVALID_INPUT"),
  good("poll-device-activation", "", ({ device }) => ({ device_code: device.device_code }), { status: "pending" }),
  good("poll-device-activation", "of a device that is none", { device_code: "cd_none" }, { status: "expired" }),
  bad("poll-device-activation", "of nothing", {}, "INVALID_INPUT"),
];

const wish = { requestedScopes: ["memory:read"], agentDisplayName: "Scribe", reason: "to read the notes" };

const consents: Call[] = [
  good("connect-agent", "with the owner's key", wish, { status: "pending", consent_id: "con_1" }),
  good("connect-agent", "again", wish, { status: "pending", consent_id: "con_1" }),
  good("connect-agent", "for what a key has", wish, { status: "active", scopes: ["memory:read"] }, { as: "reader" }),
  bad("connect-agent", "for nothing", { ...wish, requestedScopes: [] }, "INVALID_INPUT"),
  bad("connect-agent", "for a scope that is none", { ...wish, requestedScopes: ["root"] }, "INVALID_INPUT"),
  bad("connect-agent", "without a reason", { ...wish, reason: " " }, "INVALID_INPUT"),
  good("poll-agent-connection", "", { id: "con_1" }, { status: "pending" }),
  bad("poll-agent-connection", "of another key's", { id: "con_1" }, "NOT_FOUND", { as: "reader" }),
  ...badIds("poll-agent-connection", "exec_1"),
  good(
    "request-permission",
    "",
    { scope: "memory:write", reason: "to note it", mode: "one_time" },
    { status: "pending", scopes: ["memory:write"], poll_interval_seconds: 3, expires_in: 300 },
    { as: "reader" },
  ),
  bad("request-permission", "for a scope that is none", { scope: "root", reason: "x" }, "INVALID_INPUT"),
  bad("request-permission", "in no mode", { scope: "*", reason: "x", mode: "ever" }, "INVALID_INPUT"),
  ...(["nobody", "revoked"] as const).flatMap((as) => {
    const code = as === "nobody" ? "AUTH_REQUIRED" : "KEY_REVOKED";
    return [
      bad("connect-agent", `as ${as}`, wish, code, { as, codeOnly: true }),
      bad("poll-agent-connection", `as ${as}`, { id: "con_1" }, code, { as, codeOnly: true }),
      bad("create-workspace-key", `as ${as}`, { name: "x" }, code, { as, codeOnly: true }),
      bad("update-profile", `as ${as}`, { name: "x" }, code, { as, codeOnly: true }),
    ];
  }),
];

const versions: Call[] = [
  good("write-memory", "at its version", { content: "one", version: 0 }, { content: "one", version: 1 }),
  bad("write-memory", "over another's write", { content: "two", version: 0 }, "CONFLICT"),
  good("read-memory", "with its version", {}, { content: "one", version: 1 }),
];

/** Keys, people, workspaces, and what agents ask people for. */
export const withPeople: readonly Call[] = [
  ...keys,
  ...profile,
  ...workspaces,
  ...activation,
  ...consents,
  ...versions,
];
