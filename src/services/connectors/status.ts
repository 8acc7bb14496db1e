import type { App } from "../../connectors/app.js";
import { AppError } from "../../core/errors.js";
import type { ConnectorView } from "../../core/shapes/connector.js";
import { visible } from "../../core/visible.js";
import type { Access } from "./access.js";
import type { Connection } from "./connections.js";

type Base = Pick<ConnectorView, "app" | "title" | "configured">;

/** How a workspace stands with an app, as far as this server knows without asking anybody. */
export async function standingWith(access: Access, workspace: number, app: App): Promise<ConnectorView> {
  const base: Base = { app: app.slug, title: app.title, configured: access.oauth.isConfigured(app) };
  try {
    const own = await access.connections.find(workspace, app.slug);
    if (own) return { ...base, ...viewOf(own.connection) };
  } catch (thrown) {
    if (!(thrown instanceof AppError && thrown.code === "SEAL_BROKEN")) throw thrown;
    return { ...base, connected: false, status: "unreadable" };
  }
  if (!access.environment.has(app.slug)) return { ...base, connected: false, status: "not_connected" };
  return { ...base, connected: true, status: "connected", source: "environment" };
}

/** {@link standingWith}, and whose token it is where the settings hold one. */
export async function checkedStandingWith(
  access: Access,
  workspace: number,
  app: App,
  signal: AbortSignal,
): Promise<ConnectorView> {
  const view = await standingWith(access, workspace, app);
  if (view.source !== "environment") return view;
  try {
    const { account } = await (await access.open(workspace, app.slug, { read: true, signal })).origin();
    return { ...view, ...(account !== undefined && { account: visible(account) }) };
  } catch (thrown) {
    if (!(thrown instanceof AppError && thrown.code === "TOOL_NOT_CONNECTED")) throw thrown;
    return { ...view, connected: false, status: "refused" };
  }
}

function viewOf({ account, tokens, connectedAt, refused }: Connection) {
  return {
    connected: !refused,
    status: refused ? ("refused" as const) : ("connected" as const),
    source: "oauth" as const,
    account: visible(account),
    ...(tokens.scopes && { scopes: tokens.scopes.map(visible) }),
    ...(tokens.expiresAt !== undefined && { expires_at: new Date(tokens.expiresAt).toISOString() }),
    renews: tokens.refreshToken !== undefined,
    connected_at: new Date(connectedAt).toISOString(),
  };
}
