import type { ChooseClerkAccount } from "../../core/clerk-account.js";
import type { Invoke } from "../../core/invoke.js";
import type { Log } from "../../core/log.js";
import type { Registry } from "../../core/registry.js";
import type { Surface } from "../../core/surface.js";
import type { ChangeSource } from "./change-hub.js";
import type { Answer } from "./exchange.js";
import type { PromptPort } from "./prompts.js";
import type { ResourcePort } from "./resources.js";
import type { ToolSearchPort } from "./search-surface.js";
import type { SkillFilesPort } from "./skills-extension.js";
import type { ToolLists } from "./tool-list.js";

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
  readonly skills: SkillFilesPort;
  readonly events: ChangeSource;
  readonly states: RequestStatePort;
  readonly log: Log;
  /** Absent but where the operator wants to run the conformance suites. */
  readonly fixtures?: Fixtures;
}

/** What the conformance suites ask a server for: beside the catalogue, and shown to everybody. */
export interface Fixtures {
  /** Announced beside what the server can do anyway. */
  readonly capabilities: {
    readonly completions: Readonly<Record<string, never>>;
    readonly logging: Readonly<Record<string, never>>;
  };
  /** Methods that the server answers with fixtures only. */
  readonly methods: readonly "completion/complete"[];
  /** Tools whose calls have arguments in headers too, with their input schemas. */
  readonly headerTools: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** The lists with the fixtures' tools at their ends. */
  inToolLists(lists: ToolLists): ToolLists;
  /** Answers what is about a fixture and hands everything else on, with the fixtures at the ends of other lists. */
  over(answer: Answer): Answer;
}

/** Keeps what a call has found out with its client between two rounds, so that only this call can go on with it. */
export interface RequestStatePort {
  seal(context: readonly string[], state: unknown): string;
  /** Undefined for anything changed, foreign, or too old. */
  open(context: readonly string[], sealed: string): unknown;
}
