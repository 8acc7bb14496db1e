import type { GetPromptResult, ListPromptsResult } from "@modelcontextprotocol/sdk/types.js";
import type { Caller } from "../../core/caller.js";
import { quote } from "../../core/errors.js";
import { hasToolset } from "../../core/surface.js";
import { RPC, RpcError } from "./rpc-error.js";

/** Where prompts come from: the skills installed in a workspace. */
export interface PromptPort {
  list(
    workspace: number,
  ): Promise<readonly { readonly slug: string; readonly title: string; readonly description: string }[]>;
  /** The skill's instructions; undefined when it is not installed. */
  get(workspace: number, slug: string): Promise<string | undefined>;
}

const INPUT = { name: "input", description: "What the skill should work on.", required: false };

/** Whether this caller is shown skills. */
export const seesSkills = ({ surface }: Caller): boolean => hasToolset(surface, "skills");

/** Every installed skill as a prompt. */
export async function listPrompts(port: PromptPort, caller: Caller): Promise<ListPromptsResult> {
  if (!seesSkills(caller)) return { prompts: [] };
  const skills = await port.list(caller.workspace);
  return {
    prompts: skills.map(({ slug, title, description }) => ({ name: slug, title, description, arguments: [INPUT] })),
  };
}

/** One skill's instructions, with the input behind them, as a message of the user. */
export async function getPrompt(
  port: PromptPort,
  caller: Caller,
  slug: string,
  input: string | undefined,
): Promise<GetPromptResult> {
  const instructions = seesSkills(caller) ? await port.get(caller.workspace, slug) : undefined;
  if (instructions === undefined) {
    throw new RpcError(
      RPC.invalidParams,
      `No installed skill is called ${quote(slug)}; prompts/list shows those that are.`,
      caller.requestId,
      "SKILL_NOT_INSTALLED",
    );
  }
  const text = input === undefined || input === "" ? instructions : `${instructions}\n\n# Input\n\n${input}`;
  return { messages: [{ role: "user", content: { type: "text", text } }] };
}
