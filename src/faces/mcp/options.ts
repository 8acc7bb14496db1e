import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { ServerNotification, ServerRequest } from "@modelcontextprotocol/sdk/types.js";
import type { Caller } from "../../core/caller.js";
import type { ChooseClerkAccount } from "../../core/clerk-account.js";
import type { Invoke } from "../../core/invoke.js";
import type { Log } from "../../core/log.js";
import type { Registry } from "../../core/registry.js";
import type { Surface } from "../../core/surface.js";
import type { ChangeSource } from "./change-hub.js";
import type { PromptPort } from "./prompts.js";
import type { ResourcePort } from "./resources.js";
import type { ToolSearchPort } from "./search-surface.js";

/** What the MCP face needs of the program, whichever transport it speaks over. */
export interface McpOptions {
  /** The server's version, told to clients. */
  readonly version: string;
  /** What every client's model is told at the start. */
  readonly instructions: string;
  readonly registry: Pick<Registry<never>, "findTool" | "listTools" | "toolsets">;
  readonly invoke: Invoke;
  /** What the operator limits everybody to; sessions can only narrow it. */
  readonly operatorSurface: Surface;
  readonly search: ToolSearchPort;
  readonly chooseClerkAccount: ChooseClerkAccount;
  readonly prompts: PromptPort;
  readonly resources: ResourcePort;
  readonly events: ChangeSource;
  readonly log: Log;
}

/** What the SDK tells about a request besides the request. */
export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** What a running method knows of its session. */
export interface SessionState {
  /** Who sent the latest request, for notifications. */
  caller: Caller;
  /** Addresses whose changes the client asked to be told; absent until it does. */
  subscriptions?: Set<string>;
}
