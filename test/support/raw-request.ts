import { Agent, type IncomingHttpHeaders, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

export interface RawRequest {
  readonly method?: string;
  /** Sent as it is, without any normalising. */
  readonly path: string;
  /** Pairs, so that a name may come twice; a Host of the server's own is added unless there is one. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** The body is announced with `content-length`, and never sent. */
  readonly withholdBody?: boolean;
  /** Milliseconds until the answer has to be there. */
  readonly within?: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All of it; of an event stream what came at once. */
  readonly text: string;
}

/** How long an event stream is listened to, in milliseconds. */
const LISTEN_MS = 30;

/** A request as no well-behaved client sends it; rejects when no whole answer comes in time. */
export function rawRequest(url: string, raw: RawRequest): Promise<RawAnswer> {
  const { method = "GET", path, headers = [], body, withholdBody = false, within = 10_000 } = raw;
  const { hostname, port, host } = new URL(url);
  const has = (name: string) => headers.some(([given]) => given.toLowerCase() === name);
  const all = [...headers];
  if (!has("host")) all.unshift(["Host", host]);
  const takesBody = body !== undefined || !/^(GET|HEAD|OPTIONS)$/.test(method);
  if (takesBody && !withholdBody && !has("content-length") && !has("transfer-encoding")) {
    all.push(["Content-Length", String(Buffer.byteLength(body ?? ""))]);
  }
  return new Promise((resolve, reject) => {
    const sent = request({
      hostname,
      port,
      method,
      path,
      headers: all.flat() as unknown as Record<string, string>,
      setHost: false,
      agent: withholdBody ? false : agent,
    });
    const settle = (act: () => void) => {
      clearTimeout(patience);
      act();
    };
    const late = () =>
      settle(() => reject(new Error(`no answer within ${within} ms: ${method} ${path.slice(0, 200)}`)));
    const patience = setTimeout(() => (late(), sent.destroy()), within);
    sent.on("error", (error) => settle(() => reject(error)));
    sent.on("response", (response) => {
      const { statusCode: status = 0, headers: given } = response;
      let text = "";
      const answer = () => settle(() => resolve({ status, headers: given, text }));
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => (answer(), withholdBody && sent.destroy()));
      response.once("error", answer);
      if (given["content-type"]?.startsWith("text/event-stream"))
        setTimeout(() => (answer(), sent.destroy()), LISTEN_MS);
    });
    if (withholdBody) sent.flushHeaders();
    else sent.end(body);
  });
}

/** The error of an answer in either form, REST's or JSON-RPC's. */
export function errorIn({ text }: RawAnswer): { readonly code: string; readonly message: string; readonly id: string } {
  const { error, message, request_id } = JSON.parse(text) as {
    error:
      string | { code: unknown; message: string; request_id?: string; data?: { code: string; request_id: string } };
    message?: string;
    request_id?: string;
  };
  if (typeof error === "string") return { code: error, message: message ?? "", id: request_id ?? "" };
  return {
    code: String(error.data?.code ?? error.code),
    message: error.message,
    id: error.data?.request_id ?? error.request_id ?? "",
  };
}

/** What no answer may hold: the frames of a stack, paths of files, a page in HTML. */
export const LEAK =
  /\n\s+at |\bnode:\w|[\w/]\.(?:[cm]?[jt]s):\d|\/(?:src|dist|node_modules|home|tmp|work)\/|<(?:!doctype|html|pre)\b/i;
