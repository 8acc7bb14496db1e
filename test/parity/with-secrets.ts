import { expect } from "vitest";
import { bad, badIds, badPages, type Call, good } from "./call.js";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
const view = (id: number, name: string, more: object = {}) => ({
  id: `sec_${id}`,
  name,
  version: 1,
  created_at: time,
  updated_at: time,
  skills: [],
  ...more,
});
const slug = "summarize";
const KEY = "sk-ant-api03-scripted";

/** Secrets, their bindings and the workspace's own key, whose Anthropic takes any key until it is away. */
export const withSecrets: readonly Call[] = [
  good("list-secrets", "of none", {}, { data: [], first_id: null, last_id: null, has_more: false }),
  good("create-secret", "", { name: "one", value: "canary-one" }, view(1, "one")),
  good("create-secret", "another", { name: "two", value: "canary-two" }, view(2, "two")),
  bad("create-secret", "of a name that is taken", { name: "one", value: "x" }, "CONFLICT"),
  bad("create-secret", "without a value", { name: "three" }, "INVALID_INPUT"),
  bad("create-secret", "by a key with scopes", { name: "x", value: "x" }, "PERMISSION_REQUIRED", { as: "writer" }),
  good("list-secrets", "newest first", { limit: 1 }, { data: [view(2, "two")], has_more: true }),
  ...badPages("list-secrets", "sec_1"),

  good("update-secret", "its name", { id: "sec_2", name: "second" }, view(2, "second", { version: 2 })),
  good("update-secret", "its value", { id: 2, value: "other", version: 2 }, view(2, "second", { version: 3 })),
  bad("update-secret", "of another version", { id: 2, value: "late", version: 2 }, "CONFLICT"),
  ...badIds("update-secret", "art_1", { name: "x" }),

  good("bind-skill-secret", "", { slug, secretId: "sec_1", envVar: "A_KEY" }, { id: "sec_1", slug, envVar: "A_KEY" }),
  bad("bind-skill-secret", "under a name that is taken", { slug, secretId: 2, envVar: "A_KEY" }, "CONFLICT"),
  bad("bind-skill-secret", "of no secret", { slug, secretId: "99", envVar: "B" }, "NOT_FOUND"),
  bad("bind-skill-secret", "to no skill", { slug: "none", secretId: "1", envVar: "B" }, "NOT_FOUND"),
  bad("bind-skill-secret", "under no name", { slug, secretId: "1", envVar: "b" }, "INVALID_INPUT"),
  good("list-skill-secrets", "", { slug }, { data: [{ id: "sec_1", name: "one", slug, envVar: "A_KEY" }] }),
  bad("list-skill-secrets", "of no skill", { slug: "none" }, "NOT_FOUND"),
  bad("list-skill-secrets", "after what never was", { slug, after_id: "never-was" }, "INVALID_CURSOR"),
  good("unbind-skill-secret", "", { slug, id: "sec_1" }, { id: "sec_1", deleted: true }),
  bad("unbind-skill-secret", "that is not bound", { slug, id: 1 }, "NOT_FOUND"),
  good("delete-secret", "", { id: 1 }, { id: "sec_1", deleted: true }),
  ...badIds("delete-secret", "art_1"),

  good("get-byok-status", "without a key", {}, { configured: false }),
  good("set-byok-key", "", { anthropicKey: KEY }, { configured: true, last4: "pted" }),
  good("get-byok-status", "with a key", {}, { configured: true, last4: "pted" }),
  bad("set-byok-key", "that is none", { anthropicKey: "short" }, "INVALID_INPUT"),
  good("remove-byok-key", "", {}, { configured: false }),
];

/** What a server says whose Anthropic cannot be reached. */
export const withoutAnthropic: readonly Call[] = [
  bad("set-byok-key", "while Anthropic is away", { anthropicKey: KEY }, "UPSTREAM_FAILED"),
];
