import { z } from "zod";
import type { Trigger } from "../../app.js";

const about = { repository: z.string().describe("owner/name"), sender: z.string().describe("login of who did it") };
const issue = { number: z.int(), title: z.string(), body: z.string().optional(), html_url: z.string() };

export const triggers: readonly Trigger[] = [
  {
    name: "issue-opened",
    title: "An issue was opened",
    description: "Somebody opened an issue in a repository.",
    payload: z.object({ ...about, ...issue, labels: z.array(z.string()) }),
  },
  {
    name: "issue-commented",
    title: "Somebody commented",
    description: "A new comment under an issue or a pull request.",
    payload: z.object({ ...about, number: z.int(), comment: z.string(), html_url: z.string() }),
  },
  {
    name: "pull-request-opened",
    title: "A pull request was opened",
    description: "Somebody asks for a branch to be merged.",
    payload: z.object({ ...about, ...issue, head: z.string(), base: z.string(), draft: z.boolean() }),
  },
  {
    name: "pushed",
    title: "Commits were pushed",
    description: "A branch or tag moved.",
    payload: z.object({
      ...about,
      ref: z.string(),
      before: z.string(),
      after: z.string(),
      commits: z.array(z.object({ id: z.string(), message: z.string(), author: z.string() })),
    }),
  },
  {
    name: "workflow-run-completed",
    title: "A workflow run ended",
    description: "A run of GitHub Actions succeeded, failed or was cancelled.",
    payload: z.object({
      ...about,
      run_id: z.int(),
      name: z.string(),
      conclusion: z.string(),
      head_branch: z.string(),
      head_sha: z.string(),
      html_url: z.string(),
    }),
  },
];
