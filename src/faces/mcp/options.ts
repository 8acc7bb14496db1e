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
  readonly states: RequestStatePort;
  readonly log: Log;
}

/** Keeps what a call has found out with its client between two rounds, so that only this call can go on with it. */
export interface RequestStatePort {
  seal(context: readonly string[], state: unknown): string;
  /** Undefined for anything changed, foreign, or too old. */
  open(context: readonly string[], sealed: string): unknown;
}
