import type { Effect } from "../../src/core/standing.js";

/** An operation that was promised: its name, route, scope and effect are fixed, whoever edits the catalogue. */
export interface Promised {
  readonly tool: string;
  readonly route: string;
  readonly scope: string;
  readonly effect: Effect;
}

const row = (tool: string, route: string, scope: string, effect: Effect): Promised => ({ tool, route, scope, effect });

/** The tables of operations, those rows that have a tool. */
export const PROMISED: readonly Promised[] = [
  row("browse-marketplace", "GET /api/v1/marketplace/skills", "public", "read"),
  row("list-skill-categories", "GET /api/v1/marketplace/skills/categories", "public", "read"),
  row("get-skill-details", "GET /api/v1/marketplace/skills/:slug", "public", "read"),
  row("list-installed-skills", "GET /api/v1/skills", "none", "read"),
  row("install-skill", "POST /api/v1/skills/:slug/install", "tool:execute", "write"),
  row("uninstall-skill", "POST /api/v1/skills/:slug/uninstall", "tool:execute", "destroy"),
  row("execute-skill", "POST /api/v1/skills/:slug/run", "tool:execute", "write"),
  row("list-executions", "GET /api/v1/executions", "none", "read"),
  row("get-execution-status", "GET /api/v1/executions/:id/status", "none", "read"),
  row("cancel-execution", "POST /api/v1/executions/:id/cancel", "tool:execute", "write"),
  row("complete-execution", "POST /api/v1/executions/:id/result", "tool:execute", "write"),
  row("rerun-execution", "POST /api/v1/executions/:id/rerun", "tool:execute", "write"),
  row("list-artifacts", "GET /api/v1/artifacts", "workspace:files:read", "read"),
  row("get-artifact", "GET /api/v1/artifacts/:id", "workspace:files:read", "read"),
  row("download-artifact", "GET /api/v1/artifacts/:id/download", "workspace:files:read", "read"),
  row("delete-artifact", "DELETE /api/v1/artifacts/:id", "workspace:files:write", "destroy"),
  row("read-memory", "GET /api/v1/memory", "memory:read", "read"),
  row("write-memory", "PUT /api/v1/memory", "memory:write", "write"),
  row("get-credit-balance", "GET /api/v1/billing/balance", "billing:read", "read"),
  row("list-transactions", "GET /api/v1/billing/transactions", "billing:read", "read"),
  row("get-subscription-tier", "GET /api/v1/billing/subscription/tier", "billing:read", "read"),
  row("list-workflows", "GET /api/v1/workflows/definitions", "none", "read"),
  row("start-workflow", "POST /api/v1/workflows/:id/launch", "tool:execute", "write"),
  row("list-workflow-runs", "GET /api/v1/workflows/runs", "none", "read"),
  row("get-workflow-run", "GET /api/v1/workflows/runs/:id", "none", "read"),
  row("cancel-workflow-run", "POST /api/v1/workflows/runs/:id/cancel", "tool:execute", "write"),
  row("resume-workflow-run", "POST /api/v1/workflows/runs/:id/resume", "tool:execute", "write"),
  row("list-connectors", "GET /api/v1/connectors", "none", "read"),
  row("connect-connector", "POST /api/v1/connectors/:app/connect", "owner", "write"),
  row("disconnect-connector", "POST /api/v1/connectors/:app/disconnect", "owner", "destroy"),
  row("get-connector-status", "GET /api/v1/connectors/:app", "none", "read"),
  row("list-github-repos", "GET /api/v1/connectors/github/repos", "connector:github:read", "read"),
  row("search-connector-actions", "GET /api/v1/connectors/actions", "none", "read"),
  row("list-connector-triggers", "GET /api/v1/connectors/triggers", "none", "read"),
  row("get-current-workspace", "GET /api/v1/workspaces/current", "none", "read"),
  row("get-profile", "GET /api/v1/profile", "profile:read", "read"),
  row("update-profile", "PATCH /api/v1/profile", "profile:write", "write"),
  row("list-workspace-keys", "GET /api/v1/api-keys", "owner", "read"),
  row("create-workspace-key", "POST /api/v1/api-keys", "owner", "write"),
  row("revoke-workspace-key", "POST /api/v1/api-keys/:id/revoke", "owner", "destroy"),
  row("list-workspaces", "GET /api/v1/workspaces", "none", "read"),
  row("create-workspace", "POST /api/v1/workspaces", "owner", "write"),
  row("switch-workspace", "PUT /api/v1/workspaces/current", "owner", "write"),
  row("list-workspace-members", "GET /api/v1/workspaces/:id/members", "none", "read"),
  row("invite-workspace-member", "POST /api/v1/workspaces/:id/invitations", "owner", "write"),
  row("activate-device", "POST /api/v1/activate", "public", "write"),
  row("poll-device-activation", "POST /api/v1/activate/poll", "public", "write"),
  row("connect-agent", "POST /api/v1/agents/connect", "none", "write"),
  row("poll-agent-connection", "GET /api/v1/agents/connect/poll/:id", "none", "read"),
  row("request-permission", "POST /api/v1/agents/request-permission", "none", "write"),
];

/** Doors that were promised to people, and that no tool shows. */
export const PROMISED_TO_PEOPLE: readonly (readonly [string, string])[] = [
  ["GET /api/v1/activate/lookup", "session"],
  ["POST /api/v1/activate/confirm", "session"],
  ["POST /api/v1/activate/deny", "session"],
  ["GET /api/v1/agents/consents", "session"],
  ["POST /api/v1/agents/consents/:id/approve", "session"],
  ["POST /api/v1/agents/consents/:id/deny", "session"],
];

/** Operations that take an idempotency key. */
export const IDEMPOTENT: readonly string[] = ["create-workspace", "create-workspace-key", "execute-skill"];

/** What each tool takes beside the path: a list also takes `limit`, `after_id` and `before_id`. */
export const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "browse-marketplace": ["category", "search", "limit", "after_id", "before_id"],
  "list-installed-skills": ["search", "limit", "after_id", "before_id"],
  "execute-skill": ["slug", "input", "interface", "attachments", "connector", "wait_seconds"],
  "list-executions": ["status", "skill", "limit", "after_id", "before_id"],
  "get-execution-status": ["id", "blocksAfter"],
  "complete-execution": ["id", "output", "artifacts"],
  "rerun-execution": ["id", "input"],
  "list-artifacts": ["execution_id", "type", "limit", "after_id", "before_id"],
  "write-memory": ["content", "mode", "version"],
  "list-workflows": ["limit", "after_id", "before_id"],
  "start-workflow": ["id", "inputData"],
  "list-workflow-runs": ["status", "workflow_id", "limit", "after_id", "before_id"],
  "resume-workflow-run": ["id", "step", "resumeData"],
  "list-connectors": ["limit", "after_id", "before_id"],
  "list-sources": ["app", "search", "cursor", "limit"],
  "list-branches": ["app", "source", "limit", "after_id", "before_id"],
  "get-source-content": ["app", "source", "path", "ref"],
  "list-github-repos": ["search", "visibility", "limit", "after_id", "before_id"],
  "search-connector-actions": ["query", "app"],
  "run-connector-action": ["app", "action", "input"],
  "list-connector-triggers": ["app", "limit", "after_id", "before_id"],
  "update-profile": ["name", "email", "version"],
  "list-workspace-keys": ["limit", "after_id", "before_id"],
  "create-workspace-key": ["name", "scopes", "expires_in"],
  "list-workspaces": ["limit", "after_id", "before_id"],
  "create-workspace": ["name", "slug"],
  "switch-workspace": ["workspace"],
  "list-workspace-members": ["id", "limit", "after_id", "before_id"],
  "invite-workspace-member": ["id", "email", "role"],
  "activate-device": ["client_label"],
  "poll-device-activation": ["device_code"],
  "connect-agent": ["requestedScopes", "agentDisplayName", "reason"],
  "request-permission": ["scope", "reason", "mode"],
  "list-transactions": ["limit", "after_id", "before_id"],
};
