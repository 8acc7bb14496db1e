import type { Api } from "../../connectors/app.js";
import type { RepositoryChoice } from "../../connectors/repository-text.js";
import { AppError } from "../../core/errors.js";
import type { ConnectorView } from "../../core/shapes/connector.js";
import { fencedText } from "../../core/untrusted.js";
import { type AccessOptions, createAccess } from "./access.js";
import { type Actions, actionsOf, createActions, type RankActions } from "./actions.js";
import { type Connecting, createConnecting } from "./connecting.js";
import { createListing, type Listing } from "./listing.js";
import { checkedStandingWith, standingWith } from "./status.js";

/** The apps that a workspace can be connected to. */
export interface Connectors extends Connecting, Listing, Actions {
  /** Every app, by slug. */
  list(workspace: number): Promise<ConnectorView[]>;
  status(workspace: number, slug: string, signal: AbortSignal): Promise<ConnectorView>;
  /** Throws `TOOL_NOT_CONNECTED` or `NOT_FOUND`. */
  requireConnected(workspace: number, slug: string): Promise<void>;
  /** The files of a GitHub repository as one text between marks, within a limit that it states. */
  repositoryText(workspace: number, choice: RepositoryChoice, signal: AbortSignal): Promise<string>;
}

export interface ConnectorsOptions extends AccessOptions {
  readonly rank: RankActions;
  readonly repositoryText: (api: Api, choice: RepositoryChoice) => Promise<string>;
  /** How browsers reach this server; empty where they cannot. */
  readonly publicUrl: () => string;
}

/** The connectors service. */
export function createConnectors(options: ConnectorsOptions): Connectors {
  const { rank, repositoryText } = options;
  const access = createAccess(options);
  const bySlug = [...access.apps].sort((one, other) => (one.slug < other.slug ? -1 : 1));
  return {
    ...createConnecting({ ...options, access }),
    ...createListing(access),
    ...createActions(access, rank, actionsOf(access.apps)),
    list: (workspace) => Promise.all(bySlug.map((app) => standingWith(access, workspace, app))),
    status: (workspace, slug, signal) => checkedStandingWith(access, workspace, access.appOf(slug), signal),
    requireConnected: async (workspace, slug) => access.require(workspace, access.appOf(slug)),
    async repositoryText(workspace, choice, signal) {
      const { api, origin } = await access.open(workspace, "github", { read: true, signal });
      const text = await repositoryText(api, choice);
      return fencedText(await origin(), text);
    },
  };
}

/** The repository that the fields of a run's connector name; throws `INVALID_INPUT`. */
export function repositoryOf(fields: Readonly<Record<string, string>>): RepositoryChoice {
  const { repo, ref, path, ...others } = fields;
  const [stray] = Object.keys(others);
  if (
    stray !== undefined ||
    repo === undefined ||
    !/^[\w-][\w.-]{0,99}\/[\w.-]{1,100}$/.test(repo) ||
    /\/\.{1,2}$/.test(repo)
  ) {
    throw new AppError(
      "INVALID_INPUT",
      "A github connector takes the fields repo (owner/name), ref and path, and no others.",
    );
  }
  return { repository: repo, ref, path };
}
