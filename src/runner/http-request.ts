import { z } from "zod";
import { AppError, toAppError } from "../core/errors.js";
import { inputSchema } from "../core/schema.js";
import { fencedText } from "../core/untrusted.js";
import type { Outgoing } from "../outgoing/send.js";
import type { Pack } from "../services/marketplace/pack.js";
import type { Secrets } from "../services/secrets.js";
import type { ModelTool } from "./model.js";
import { filled, hasPlaceholder, type Values, writtenIn } from "./placeholders.js";
import { redactor } from "./redact.js";

const input = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  url: z.string().min(1).max(8000).describe("where to; {{NAME}} of a bound secret only behind the ?"),
  headers: z
    .record(z.string().max(100), z.string().max(8000))
    .default({})
    .describe("headers by name; {{NAME}} of a bound secret in a value is filled in"),
  body: z.string().max(1_000_000).optional().describe("text to send; {{NAME}} of a bound secret is filled in"),
});

type HttpInput = z.output<typeof input>;

const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 20_000;

/** Longest answer that a model is given, in characters. */
const ANSWER = 20_000;

/** Longest value that a request may use, in characters: longer ones are no headers, and slow to find in an answer. */
const LONGEST_VALUE = 4096;

/** What the connection itself decides, and what would change how the answer is to be read. */
const OWN_HEADERS: ReadonlySet<string> = new Set(
  (
    "accept-encoding connection content-length expect host keep-alive proxy-authorization proxy-connection te trailer " +
    "transfer-encoding upgrade"
  ).split(" "),
);

/** Requests of a skill that the server sends itself: to the hosts that the skill declared, with its bound secrets. */
export type HttpRequests = (workspace: number, pack: Pack) => readonly ModelTool[];

/** The tool for skills that declare hosts, over this way out. */
export function createHttpRequests(options: {
  readonly outgoing: Outgoing;
  readonly secrets: Pick<Secrets, "forSkill">;
  readonly userAgent: string;
}): HttpRequests {
  const { outgoing, secrets, userAgent } = options;

  const send = async (workspace: number, pack: Pack, asked: unknown, signal: AbortSignal): Promise<string> => {
    const parsed = input.safeParse(asked);
    if (!parsed.success) throw unfit(`${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`);
    const values = await secrets.forSkill(workspace, pack.slug);
    const within = new Set(pack.http);
    const request = requestOf(parsed.data, pack, values);
    const { origin, host } = request.url;
    if (!within.has(origin)) throw undeclared(pack);
    const answer = await outgoing.send({
      ...request,
      headers: { "user-agent": userAgent, ...request.headers, "accept-encoding": "identity" },
      who: host,
      within,
      read: parsed.data.method === "GET",
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    const redact = redactor(new Map([...values].filter(([, value]) => value.length <= LONGEST_VALUE)));
    const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
    const told = [`HTTP ${answer.status}`, ...headers, "", textOf(answer.content, answer.headers)].join("\n");
    return fencedText({ app: host }, cut(redact(told)));
  };

  return (workspace, pack) =>
    pack.http.length === 0
      ? []
      : [
          {
            name: "http_request",
            description:
              `Sends a request to ${pack.http.join(" or ")} and gives the answer. ` +
              "Write {{NAME}} where a bound secret belongs: the server fills it in and you never see it.",
            inputSchema: inputSchema(input),
            async call(asked, signal) {
              try {
                return await send(workspace, pack, asked, signal);
              } catch (thrown) {
                signal.throwIfAborted();
                const { code, message } = toAppError(thrown);
                return `${code}: ${message}`;
              }
            },
          },
        ];
}

function requestOf({ method, url, headers, body }: HttpInput, pack: Pack, values: Values) {
  const fill = (text: string, written: (value: string) => string) =>
    filled(text, values, pack.slug, (value) => written(usable(value)));
  const sent = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of sent) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw unfit("headers: a name has characters that none may have");
    if (OWN_HEADERS.has(name)) throw unfit(`headers: ${name} is set by the server`);
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw unfit(`headers: ${name} has characters that no header takes`);
  }
  const mediaType = sent.find(([name]) => name === "content-type")?.[1] ?? "";
  return {
    method,
    url: urlOf(url, fill),
    headers: Object.fromEntries(sent.map(([name, value]) => [name, fill(value, asHeader)])),
    ...(body !== undefined && method !== "GET" && { body: fill(body, writtenIn(mediaType)) }),
  };
}

function urlOf(text: string, fill: (text: string, written: (value: string) => string) => string): URL {
  const [bare = ""] = text.split("#", 1);
  const mark = bare.indexOf("?");
  const head = mark < 0 ? bare : bare.slice(0, mark);
  if (hasPlaceholder(head)) {
    throw unfit("url: a secret may stand behind the ? only, or in headers or body, never in the host or path");
  }
  const whole = mark < 0 ? head : head + fill(bare.slice(mark), encodeURIComponent);
  // What a URL parser would drop or bend must not decide where a secret goes.
  if (!/^https?:\/\/[^\s\\@/]+(\/[^\s\\]*)?$/i.test(head) || !URL.canParse(whole))
    throw unfit("url: takes an http or https URL");
  return new URL(whole);
}

function usable(value: string): string {
  if (value.length <= LONGEST_VALUE) return value;
  throw unfit(`a secret has more than the ${LONGEST_VALUE} characters that a request may use`);
}

function asHeader(value: string): string {
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  throw unfit("headers: a secret has characters that no header takes");
}

function textOf(content: Buffer, headers: Readonly<Record<string, string>>): string {
  const hidden = `(${content.length} bytes that are no text)`;
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" || content.includes(0)) return hidden;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return hidden;
  }
}

function cut(text: string): string {
  return text.length <= ANSWER ? text : `${text.slice(0, ANSWER).replace(/[\uD800-\uDBFF]$/, "")} [cut: ask for less]`;
}

function undeclared(pack: Pack): AppError {
  const message = `The skill ${pack.slug} declares requests to ${pack.http.join(", ")} only; use one of these.`;
  return new AppError("ACCESS_DENIED", message);
}

const unfit = (problem: string): AppError => new AppError("INVALID_INPUT", `The request does not fit: ${problem}.`);
