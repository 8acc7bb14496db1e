import type { Effect } from "./standing.js";

const APPS = ["gmail", "calendar", "drive", "notion", "github"] as const;

/** Scopes that only read: what a new key gets unless its maker chooses more. */
export const READ_SCOPES: readonly string[] = [
  "profile:read",
  "profile:search",
  "memory:read",
  "workspace:files:read",
  ...APPS.map((app) => `connector:${app}:read`),
  "billing:read",
  "agent:list",
  "clerk:read",
];

/** Scopes that change something, spend something or reveal secrets. */
export const SENSITIVE_SCOPES: readonly string[] = [
  "profile:write",
  "memory:write",
  "workspace:files:write",
  ...APPS.map((app) => `connector:${app}:exec`),
  "tool:execute",
  "agent:message",
  "clerk:write",
  "clerk:secrets",
];

/** The scope that something done in an app needs. */
export function connectorScope(app: string, effect: Effect): string {
  return `connector:${app}:${effect === "read" ? "read" : "exec"}`;
}

/** Every scope a key can hold, the wildcard first. */
export const ALL_SCOPES: readonly string[] = ["*", ...READ_SCOPES, ...SENSITIVE_SCOPES];

/**
 * Scopes as they are lent for a while: the wildcard as everything it allows by name. Without the wildcard itself a key
 * that was tightened cannot make itself another one meanwhile, or let anybody in.
 */
export function asLent(scopes: readonly string[]): readonly string[] {
  if (!scopes.includes("*")) return scopes;
  return ALL_SCOPES.filter((scope) => scope !== "*" && (scope !== "clerk:secrets" || scopes.includes(scope)));
}

/** Whether a person thinks twice before granting this for good. */
export function isSensitive(scope: string): boolean {
  return !READ_SCOPES.includes(scope);
}
