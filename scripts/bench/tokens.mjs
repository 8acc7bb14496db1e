// What the tool list costs a model: tokens of name, description and input schema.
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { importBuilt } from "../built.mjs";

const LARGEST = 5;
const TARGET = 110;

/** @returns {Promise<import("./main.mjs").Figure[]>} */
export async function tokensOfTools() {
  /** @type {typeof import("../../tools/catalogue.js")} */
  const { catalogue } = await importBuilt("tools/catalogue.ts");
  /** @type {typeof import("../../src/core/registry.js")} */
  const { createRegistry } = await importBuilt("src/core/registry.ts");
  /** @type {{ describeTool: typeof import("../../src/faces/mcp/tool-list.js").describeTool }} */
  const { describeTool } = await importBuilt("src/faces/mcp/tool-list.ts");

  const tools = createRegistry(catalogue)
    .entries.filter((entry) => entry.operation.tool !== undefined)
    .map((entry) => {
      const { name, description, inputSchema } = describeTool(entry);
      return { name, tokens: encode(JSON.stringify({ name, description, inputSchema })).length };
    })
    .sort((a, b) => b.tokens - a.tokens);
  const average = tools.reduce((sum, { tokens }) => sum + tokens, 0) / tools.length;
  const largest = tools.slice(0, LARGEST).map(({ name, tokens }) => `${name} ${tokens}`);
  return [
    {
      what: `tokens a tool, over ${tools.length}`,
      measured: `${average.toFixed(0)} (largest: ${largest.join(", ")})`,
      target: `at most ${TARGET}`,
      ok: average <= TARGET,
    },
  ];
}
