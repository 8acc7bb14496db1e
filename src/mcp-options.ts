import type { App } from "./compose.js";
import { clerkAccountChoice } from "./core/clerk-account.js";
import { MEMORY_MANNERS } from "./core/manners.js";
import type { McpOptions } from "./faces/mcp/options.js";
import { version } from "./project.js";
import { createToolSearch } from "./search/tool-search.js";
import type { Events } from "./services/events.js";
import { instructionsFor } from "./services/executions/instructions.js";

const INSTRUCTIONS = [
  "Clanker is a workspace of AI skills. Find one with browse-marketplace, add it with install-skill, run it with" +
    " execute-skill, and read what it made with get-execution-status and download-artifact.",
  "When execute-skill answers awaiting_agent, this server has no model: follow the instructions it gives you" +
    " yourself and hand the result in with complete-execution.",
  MEMORY_MANNERS,
].join("\n\n");

/** What the MCP face is given of the program, for every transport alike. */
export async function mcpOptions(app: App): Promise<McpOptions> {
  const { services, registry, invoke, operatorSurface, requestStates, log } = app;
  const { skills, artifacts, memory, events } = services;
  const fixtures = app.config.CLANKER_FIXTURES ? await loadFixtures(events) : undefined;
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
    ...(fixtures && { fixtures }),
    prompts: {
      list: (workspace) => skills.packs(workspace),
      async get(workspace, slug) {
        const pack = await skills.find(workspace, slug);
        return pack && instructionsFor(pack, "");
      },
    },
    resources: {
      memory: (workspace) => memory.read(workspace),
      artifacts: (workspace, page) => artifacts.page(workspace, page),
      artifact: (workspace, id) => artifacts.content(workspace, id),
    },
    skills: {
      installed: (workspace) => skills.packs(workspace),
      find: (workspace, slug) => skills.find(workspace, slug),
    },
  };
}

async function loadFixtures(events: Events) {
  const { createFixtures } = await import("./faces/mcp/fixtures/fixtures.js");
  return createFixtures({
    changePrompts: (workspace) => events.publish(workspace, { type: "skills-changed", data: {} }),
  });
}
