import type { Effect } from "../../src/core/standing.js";

/** An operation that was promised: its name, route, scope and effect are fixed, whoever edits the catalogue. */
export interface Promised {
  readonly tool: string;
  readonly route: string;
  readonly scope: string;
  readonly effect: Effect;
}

const row = (tool: string, route: string, scope: string, effect: Effect): Promised => ({ tool, route, scope, effect });

/** The tables of skills, secrets, executions, artifacts, memory, billing, and two rows more. */
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
  row("list-secrets", "GET /api/v1/secrets", "owner", "read"),
  row("create-secret", "POST /api/v1/secrets", "owner", "write"),
  row("update-secret", "PATCH /api/v1/secrets/:id", "owner", "write"),
  row("delete-secret", "DELETE /api/v1/secrets/:id", "owner", "destroy"),
  row("list-skill-secrets", "GET /api/v1/skills/:slug/secrets", "owner", "read"),
  row("bind-skill-secret", "POST /api/v1/skills/:slug/secrets", "owner", "write"),
  row("unbind-skill-secret", "DELETE /api/v1/skills/:slug/secrets/:id", "owner", "destroy"),
  row("get-byok-status", "GET /api/v1/byok", "owner", "read"),
  row("set-byok-key", "PUT /api/v1/byok", "owner", "write"),
  row("remove-byok-key", "DELETE /api/v1/byok", "owner", "destroy"),
  row("get-current-workspace", "GET /api/v1/workspaces/current", "none", "read"),
  row("get-profile", "GET /api/v1/profile", "profile:read", "read"),
  row("list-audit-logs", "GET /api/v1/audit-logs", "owner", "read"),
];

/** Operations that take an idempotency key. */
export const IDEMPOTENT: readonly string[] = ["execute-skill", "create-secret"];

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
  "write-memory": ["content", "mode"],
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
  "list-audit-logs": ["action", "resource_type", "start_date", "end_date", "limit", "after_id", "before_id"],
  "list-secrets": ["limit", "after_id", "before_id"],
  "create-secret": ["name", "value"],
  "update-secret": ["id", "name", "value"],
  "list-skill-secrets": ["slug", "limit", "after_id", "before_id"],
  "bind-skill-secret": ["slug", "secretId", "envVar"],
  "unbind-skill-secret": ["slug", "id"],
  "set-byok-key": ["anthropicKey"],
  "list-transactions": ["limit", "after_id", "before_id"],
};
