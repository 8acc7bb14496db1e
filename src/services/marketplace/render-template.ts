import { AppError } from "../../core/errors.js";
import { misfitOf, type Parameter } from "./parameters.js";

/** Where a template takes its parameters: a comment and an empty object, so that it also opens as it is. */
const MARKER = /\/\*\{\{PARAMETERS\}\}\*\/\s*\{\}/g;

/** Whether a template has the place for its parameters, once. */
export function takesParameters(template: string): boolean {
  return template.match(MARKER)?.length === 1;
}

/** What is rendered: the part of a pack that says what its template takes. */
interface Renderable {
  readonly parameters: readonly Parameter[];
  readonly artifact?: { readonly template: string; readonly name: string; readonly mimeType: string };
}

/** A file made from a run's answer. */
export interface Rendered {
  readonly name: string;
  readonly mimeType: string;
  readonly content: string;
}

/**
 * The artifact of a pack that ships a template, with the parameters of the answer's last ```json block put in;
 * undefined for a pack without one. Throws `UPSTREAM_FAILED` where the answer has no block that fits.
 */
export function renderTemplate(pack: Renderable, answerText: string): Rendered | undefined {
  if (!pack.artifact) return undefined;
  const values = fit(pack.parameters, readLastBlock(answerText));
  const { template, name, mimeType } = pack.artifact;
  return { name, mimeType, content: template.replace(MARKER, () => scriptLiteral(values)) };
}

function readLastBlock(answer: string): Record<string, unknown> {
  const block = lastJsonBlock(answer);
  if (block === undefined) throw unusable("has no such block");
  let value: unknown;
  try {
    value = JSON.parse(block);
  } catch (cause) {
    throw unusable("has one that is no JSON", undefined, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unusable("has one that is no object");
  return value as Record<string, unknown>;
}

/** What stands between the last fence that opens with json and its closing fence, or the end of the answer. */
function lastJsonBlock(answer: string): string | undefined {
  let last: string | undefined;
  let open: { fence: string; json: boolean; lines: string[] } | undefined;
  for (const line of answer.split(/\r?\n/)) {
    const [, fence = "", info = ""] = /^\s*(`{3,})([^`]*)$/.exec(line) ?? [];
    if (!open && fence) open = { fence, json: info.trim().toLowerCase() === "json", lines: [] };
    else if (open && fence.length >= open.fence.length && info.trim() === "") {
      if (open.json) last = open.lines.join("\n");
      open = undefined;
    } else open?.lines.push(line);
  }
  return open?.json ? open.lines.join("\n") : last;
}

function fit(parameters: readonly Parameter[], given: Record<string, unknown>): Record<string, unknown> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const parameter of parameters) {
    const { name } = parameter;
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
    const problem = value === undefined ? (parameter.required ? "is required" : undefined) : misfitOf(parameter, value);
    if (problem) problems.push(`${name} ${problem}`);
    else if (value !== undefined) values[name] = value;
  }
  if (problems.length > 0) throw unusable(`has one that does not fit: ${problems.join("; ")}`, problems);
  return values;
}

/** JSON that is also safe inside a script element: nothing in it can close the element or open a comment. */
function scriptLiteral(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function unusable(what: string, problems?: readonly string[], cause?: unknown): AppError {
  return new AppError(
    "UPSTREAM_FAILED",
    `The skill's answer must end with one \`\`\`json block of its parameters, but it ${what}.`,
    { ...(problems && { details: { problems } }), cause },
  );
}
