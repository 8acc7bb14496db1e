import { requireScope } from "../../core/caller.js";
import { connectorScope } from "../../core/scopes.js";
import type { ReadTool } from "../connectors/actions.js";
import { type Connectors, repositoryOf } from "../connectors/connectors.js";
import type { ExecutionInput } from "./record.js";

/** Throws what keeps a run from a repository: `PERMISSION_REQUIRED`, `TOOL_NOT_CONNECTED` or `INVALID_INPUT`. */
export async function requireRepository(
  connectors: Connectors,
  { workspace, apps = [] }: { readonly workspace: number; readonly apps?: readonly string[] },
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  requireScope({ scopes: new Set(apps.map((app) => connectorScope(app, "read"))) }, connectorScope("github", "read"));
  await connectors.requireConnected(workspace, "github");
  repositoryOf(fields);
}

/** The repository that a run works on, between marks; empty where it works on none. */
export async function repositoryContext(
  connectors: Connectors,
  workspace: number,
  { connector }: ExecutionInput,
  signal: AbortSignal,
): Promise<string> {
  if (connector?.type !== "github") return "";
  const text = await connectors.repositoryText(workspace, repositoryOf(connector.fields), signal);
  return `## The repository\n\n${text}`;
}

/** What the connected apps give a run to look things up with. */
export async function remoteTools(
  connectors: Connectors,
  workspace: number,
  { connector, apps = [] }: ExecutionInput,
): Promise<readonly ReadTool[]> {
  return connector?.type === "remote" ? connectors.readTools(workspace, apps) : [];
}

/** {@link repositoryContext} for an agent that runs a skill itself, which has tools of its own for the connected apps. */
export async function contextForAgent(
  connectors: Connectors,
  workspace: number,
  input: ExecutionInput,
  signal: AbortSignal,
): Promise<string> {
  if (input.connector?.type !== "remote") return repositoryContext(connectors, workspace, input, signal);
  const { apps = [] } = input;
  const connected = (await connectors.list(workspace)).filter(({ app, connected }) => connected && apps.includes(app));
  if (connected.length === 0) return "";
  const names = connected.map(({ app }) => app).join(", ");
  return `## Connected apps\n\nYou may look things up in ${names}: find an action with search-connector-actions and run it with run-connector-action.`;
}
