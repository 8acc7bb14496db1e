import type { jsonSchema, ToolSet } from "ai";
import { z } from "zod";
import type { ModelCall, ModelPart } from "./model.js";

/** Rounds that a model has where there is something to look up. */
export const MAX_STEPS_WITH_TOOLS = 20;

const fileInput = z.object({
  name: z.string().min(1).max(200).describe("File name with its extension, without a folder."),
  mime_type: z.string().min(3).max(100).describe("Its media type, such as text/markdown."),
  content: z.string().describe("The whole text of the file."),
});

const WRITE_FILE = "write_file";

const writeFile: ToolSet = {
  [WRITE_FILE]: {
    description: "Gives the user a text file as part of the result. Call it once for each file.",
    inputSchema: fileInput,
    execute: ({ name }: z.output<typeof fileInput>) => `${name} was given to the user.`,
  },
};

/** The tools of a call: a way to hand files out, and what the call brings along. */
export function givenTools({ tools = [], signal }: ModelCall, asSchema: typeof jsonSchema): ToolSet {
  const brought = tools.map(({ name, description, inputSchema, call }) => {
    const execute = (input: unknown) => call(input, signal);
    return [name, { description, inputSchema: asSchema(inputSchema as Parameters<typeof asSchema>[0]), execute }];
  });
  return { ...(Object.fromEntries(brought) as ToolSet), ...writeFile };
}

/** What a tool's result is to a run. */
export function toolPart(part: { toolName: string; input: unknown; output: unknown }): ModelPart {
  if (part.toolName !== WRITE_FILE) {
    return { type: "tool", name: part.toolName, input: part.input, answer: String(part.output) };
  }
  const { name, mime_type, content } = fileInput.parse(part.input);
  return { type: "file", name, mimeType: mime_type, content: new TextEncoder().encode(content) };
}
