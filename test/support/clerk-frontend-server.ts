import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { onTestFinished } from "vitest";
import { listen } from "./listening.js";

/** A token as Clerk signs them, with a signature of no worth. */
export function signedToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.c2lnbmF0dXJl`;
}

interface FrontendRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FrontendReply {
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: unknown;
}

export const DEV_BROWSER = "dvb_the0dev0browser0of0the0tests";

/** A server in the Frontend API's place: gives dev browsers away, answers the rest as told, keeps what arrives. */
export async function frontendServer(
  answer: (request: FrontendRequest) => FrontendReply | undefined = () => ({ body: { response: null, client: null } }),
) {
  const state = { answer };
  const arrived: FrontendRequest[] = [];
  const listening = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://frontend.test");
      const { method = "", headers } = request;
      const one = {
        method,
        path: url.pathname,
        query: url.searchParams,
        headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      arrived.push(one);
      const reply = url.pathname === "/v1/dev_browser" ? { body: { id: DEV_BROWSER } } : state.answer(one);
      if (!reply) return;
      response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
      response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
    });
  });
  onTestFinished(() => listening.stop());
  return {
    url: listening.url,
    arrived,
    /** Answers from now on like this. */
    answer(next: (request: FrontendRequest) => FrontendReply | undefined) {
      state.answer = next;
    },
  };
}
