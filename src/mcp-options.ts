import type { App } from "./compose.js";
import { clerkAccountChoice } from "./core/clerk-account.js";
import { MEMORY_MANNERS } from "./core/manners.js";
import type { McpOptions } from "./faces/mcp/options.js";
import { version } from "./project.js";
import { createToolSearch } from "./search/tool-search.js";
import { instructionsFor } from "./services/executions/instructions.js";

const INSTRUCTIONS = [
  "Clanker is a workspace of AI skills. Find one with browse-marketplace, add it with install-skill, run it with" +
    " execute-skill, and read what it made with get-execution-status and download-artifact.",
  "When execute-skill answers awaiting_agent, this server has no model: follow the instructions it gives you" +
    " yourself and hand the result in with complete-execution.",
  MEMORY_MANNERS,
].join("\n\n");

/** What the MCP face is given of the program, for every transport alike. */
export function mcpOptions({ services, registry, invoke, operatorSurface, requestStates, log }: App): McpOptions {
  const { skills, artifacts, memory, events } = services;
  return {
    version,
    instructions: INSTRUCTIONS,
    registry,
    invoke,
    operatorSurface,
    search: createToolSearch(registry.entries),
    chooseClerkAccount: clerkAccountChoice((name) => services.clerk.requireAccount(name)),
    events,
    states: requestStates,
    log,
    prompts: {
      list: (workspace) => skills.packs(workspace),
      async get(workspace, slug) {
        const pack = (await skills.packs(workspace)).find((candidate) => candidate.slug === slug);
        return pack && instructionsFor(pack, "");
      },
    },
    resources: {
      memory: (workspace) => memory.read(workspace),
      artifacts: (workspace, page) => artifacts.page(workspace, page),
      artifact: (workspace, id) => artifacts.content(workspace, id),
    },
  };
}
