import type { App } from "../app.js";
import { contents } from "./github/contents.js";
import { issues } from "./github/issues.js";
import { pullRequests } from "./github/pull-requests.js";
import { releases } from "./github/releases.js";
import { repositories } from "./github/repositories.js";
import { account, branches, content, sources } from "./github/sources.js";
import { triggers } from "./github/triggers.js";
import { workflows } from "./github/workflows.js";

export const github: App = {
  slug: "github",
  title: "GitHub",
  provider: "GITHUB",
  scopes: ["repo"],
  account,
  sources,
  branches,
  content,
  actions: [...repositories, ...contents, ...issues, ...pullRequests, ...releases, ...workflows],
  triggers,
};
