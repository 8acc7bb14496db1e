import { describe, expect, it } from "vitest";
import { allows } from "../../src/core/caller.js";
import { ALL_SCOPES, READ_SCOPES } from "../../src/core/scopes.js";

describe("what scopes allow", () => {
  it.each<[string[], string, boolean]>([
    [[], "public", true],
    [[], "none", true],
    [[], "memory:read", false],
    [[], "owner", false],
    [["memory:read"], "memory:read", true],
    [["memory:read"], "memory:write", false],
    [["memory:write"], "memory:read", false],
    [["memory"], "memory:read", false],
    [["memory:*"], "memory:read", false],
    [["connector:gmail:read"], "connector:gmail:exec", false],
    [["connector:gmail:read"], "connector:drive:read", false],
    [["*"], "memory:write", true],
    [["*"], "connector:notion:exec", true],
    [["*"], "clerk:write", true],
    [["*"], "owner", true],
    [["*"], "clerk:secrets", false],
    [["*", "clerk:secrets"], "clerk:secrets", true],
    [["clerk:secrets"], "clerk:secrets", true],
    [["clerk:secrets"], "clerk:read", false],
    [["owner"], "memory:read", false],
  ])("%j and %s: %s", (granted, wanted, allowed) => {
    expect(allows(new Set(granted), wanted)).toBe(allowed);
  });

  it("needs the wildcard itself for the owner's work, not every scope there is", () => {
    expect(allows(new Set(ALL_SCOPES.filter((scope) => scope !== "*")), "owner")).toBe(false);
  });
});

describe("the scopes", () => {
  const APPS = ["gmail", "calendar", "drive", "notion", "github"];

  it("that only read are the promised ones", () => {
    expect([...READ_SCOPES].sort()).toEqual(
      [
        "profile:read",
        "profile:search",
        "memory:read",
        "workspace:files:read",
        ...APPS.map((app) => `connector:${app}:read`),
        "billing:read",
        "agent:list",
        "clerk:read",
      ].sort(),
    );
  });

  it("beyond those are the promised sensitive ones and the wildcard", () => {
    const sensitive = ["profile:write", "memory:write", "workspace:files:write", "tool:execute", "agent:message"];
    const rest = ALL_SCOPES.filter((scope) => !READ_SCOPES.includes(scope));
    expect([...rest].sort()).toEqual(
      ["*", ...sensitive, ...APPS.map((app) => `connector:${app}:exec`), "clerk:write", "clerk:secrets"].sort(),
    );
  });
});
