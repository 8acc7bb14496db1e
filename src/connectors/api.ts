import { AppError } from "../core/errors.js";
import type { Incoming, Outgoing, OutgoingRequest } from "../outgoing/send.js";
import type { Api, ApiCall, App, Query } from "./app.js";
import { providerFailure, withoutToken } from "./provider-failure.js";

/** Where an API's token comes from. */
export interface Credentials {
  /** A token that should be good; throws `TOOL_NOT_CONNECTED` where there is none. */
  token(): Promise<string>;
  /** Another one, after the provider refused this one; throws `TOOL_NOT_CONNECTED` where there is none. */
  renewed(refused: string): Promise<string>;
  /** What to throw when the renewed one is refused as well. */
  lost(refused: string): Promise<AppError>;
}

export interface ApiOptions {
  readonly app: App;
  /** The API's address, without a slash at its end. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  /** Nothing that is called through it changes anything: then calls that are no GET are repeated too. */
  readonly read: boolean;
  readonly signal: AbortSignal;
  readonly outgoing: Outgoing;
  readonly userAgent: string;
  /** Milliseconds that one call may take. */
  readonly timeoutMs: number;
}

/** Most bytes of an answer where the call does not say. */
const MAX_BYTES = 8 * 1024 * 1024;

/** An app's API with a connection's token, which is renewed once where the provider refuses it. */
export function createApi(options: ApiOptions): Api {
  const { app, baseUrl, credentials, read, signal, outgoing, userAgent, timeoutMs } = options;

  const perform = async (call: ApiCall): Promise<{ answer: Incoming; token: string }> => {
    const method = call.method ?? "GET";
    const request: Omit<OutgoingRequest, "headers"> = {
      who: app.title,
      method,
      url: addressOf(baseUrl, call),
      ...bodyOf(call),
      read: read || method === "GET",
      maxBytes: call.maxBytes ?? MAX_BYTES,
      timeoutMs,
      signal,
    };
    const send = (token: string) =>
      outgoing.send({ ...request, headers: { ...headersOf(call, userAgent), authorization: `Bearer ${token}` } });
    let token = await credentials.token();
    let answer = await send(token);
    if (answer.status === 401) {
      token = await credentials.renewed(token);
      answer = await send(token);
    }
    if (answer.status === 401) throw await credentials.lost(token);
    if (answer.status >= 300) throw providerFailure(app, answer, { read: request.read, token });
    return { answer, token };
  };

  return {
    signal,
    async json(call) {
      const { answer, token } = await perform(call);
      const text = answer.content.toString();
      const isRead = read || (call.method ?? "GET") === "GET";
      return text.trim() === "" ? undefined : parsed(app, withoutToken(text, token), isRead);
    },
    async bytes(call) {
      const { content, headers } = (await perform(call)).answer;
      return { content, mimeType: headers["content-type"] ?? "application/octet-stream" };
    },
  };
}

/** The address of a path below the API's; a path that would lead anywhere else is `INVALID_INPUT`. */
function addressOf(baseUrl: string, { path, query = {} }: ApiCall): URL {
  const wanted = new URL(baseUrl).href.replace(/\/$/, "") + path;
  const url = new URL(wanted);
  if (url.href !== wanted || url.search !== "" || url.hash !== "" || !path.startsWith("/")) {
    throw new AppError("INVALID_INPUT", "The input leads out of the app's API; check its names and ids.");
  }
  for (const [name, value] of parametersOf(query)) url.searchParams.append(name, value);
  return url;
}

function parametersOf(query: Query): [string, string][] {
  return Object.entries(query).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    return typeof value === "object" ? value.map((item) => [name, item]) : [[name, String(value)]];
  });
}

function bodyOf({ body, bytes }: ApiCall): Pick<OutgoingRequest, "body"> {
  if (bytes) return { body: bytes.content };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

function headersOf({ body, bytes, headers = {} }: ApiCall, userAgent: string): Record<string, string> {
  const type = bytes?.mimeType ?? (body === undefined ? undefined : "application/json");
  return {
    accept: "application/json",
    "user-agent": userAgent,
    ...(type !== undefined && { "content-type": type }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

function parsed(app: App, text: string, isRead: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const advice = isRead
      ? "check the address that is set for it."
      : "whether the change was made is not known, so look before you repeat it.";
    const options = { ...(!isRead && { fields: { retryable: false } }), cause };
    throw new AppError("UPSTREAM_FAILED", `${app.title}'s answer is no JSON; ${advice}`, options);
  }
}
