import type { ErrorCode } from "../../src/core/errors.js";
import type { Environment } from "../support/program.js";
import type { Call } from "./call.js";
import { withAnApp } from "./with-an-app.js";
import { whileItRuns, withAModel } from "./with-a-model.js";
import { withoutAnthropic, withSecrets } from "./with-secrets.js";
import { withoutAModel } from "./without-a-model.js";
import { withPeople } from "./with-people.js";
import { withWorkflows, WORKFLOWS } from "./with-workflows.js";

/** Calls in their order, on a server of their own. */
export interface Chapter {
  readonly title: string;
  readonly model: boolean;
  /** Whether there is a GitHub, and a token for it in the settings. */
  readonly github?: true;
  readonly settings: Environment;
  readonly calls: readonly Call[];
}

/** Large enough for a file that the artifacts do not take. */
const MAX_BODY = String(16 * 1024 * 1024);

/** Every call that is put through every face. */
export const table: readonly Chapter[] = [
  { title: "without a model", model: false, settings: { CLANKER_MAX_BODY: MAX_BODY }, calls: withoutAModel },
  { title: "with a model", model: true, settings: { CLANKER_CREDITS: "4" }, calls: withAModel },
  { title: "while a model runs", model: true, settings: {}, calls: whileItRuns },
  { title: "with workflows", model: false, settings: { CLANKER_WORKFLOWS_PATH: WORKFLOWS }, calls: withWorkflows },
  { title: "with secrets", model: true, settings: {}, calls: withSecrets },
  {
    title: "while Anthropic is away",
    model: false,
    settings: { ANTHROPIC_BASE_URL: "http://127.0.0.1:9" },
    calls: withoutAnthropic,
  },
  { title: "with people", model: false, settings: {}, calls: withPeople },
  {
    title: "with an app connected",
    model: false,
    github: true,
    settings: {
      GOOGLE_CLIENT_ID: "google-client",
      GOOGLE_CLIENT_SECRET: "google-secret",
    },
    calls: withAnApp,
  },
];

/** What the table does with one operation, call by call. */
export function callsOf(operation: string): { readonly answers: boolean; readonly codes: readonly ErrorCode[] }[] {
  const calls = table.flatMap((chapter) => chapter.calls).filter((call) => call.operation === operation);
  return calls.map(({ expected, overMcp }) => {
    const ends = overMcp ? [expected, overMcp] : [expected];
    return {
      answers: ends.some((end) => "gives" in end),
      codes: ends.flatMap((end) => ("code" in end ? [end.code] : [])),
    };
  });
}
