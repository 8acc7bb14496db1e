import type { App } from "../app.js";
import { blocks } from "./notion/blocks.js";
import { databases } from "./notion/databases.js";
import { pages } from "./notion/pages.js";
import { people } from "./notion/people.js";
import { account, content, sources } from "./notion/sources.js";
import { triggers } from "./notion/triggers.js";

export const notion: App = {
  slug: "notion",
  title: "Notion",
  provider: "NOTION",
  // Notion has none: people choose the pages, the registration what may be done with them.
  scopes: [],
  authorizeParams: { owner: "user" },
  account,
  sources,
  content,
  actions: [...pages, ...databases, ...blocks, ...people],
  triggers,
};
