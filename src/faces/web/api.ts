/** What the server refused, or that it did not answer; the message is a sentence for the person. */
export class Failure extends Error {
  readonly code: string;
  /** 0 where there was no answer. */
  readonly status: number;
  /** The first field that does not fit, where one does not. */
  readonly field: string | undefined;

  constructor(code: string, status: number, message: string, field?: string) {
    super(message);
    this.code = code;
    this.status = status;
    this.field = field;
  }
}

/** What proves who asks, beside the cookie. */
export interface Credentials {
  readonly csrfToken?: string | undefined;
  readonly workspace?: string | undefined;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** The server's REST API for a signed-in person; every call rejects with a `Failure`. */
export interface Api {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** The answer itself once its status is good: for files and streams. */
  open(path: string, headers?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response>;
}

/** The API over the browser's `fetch`; `onSignedOut` hears of an answer that says the session is over. */
export function createApi(credentials: () => Credentials, onSignedOut: () => void): Api {
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const { csrfToken, workspace } = credentials();
    const headers = new Headers(init.headers);
    if (workspace !== undefined) headers.set("x-workspace-id", workspace);
    if (csrfToken !== undefined && init.method !== "GET") headers.set("x-csrf-token", csrfToken);
    const answer = await fetch(path, { ...init, headers, credentials: "same-origin", redirect: "error" }).catch(
      (cause: unknown) => {
        if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
        throw new Failure("NO_ANSWER", 0, "The server did not answer. Check that it runs, then try again.");
      },
    );
    if (answer.ok) return answer;
    // A link that is no good says nothing of the session that is there.
    if (answer.status === 401 && path !== "/api/v1/sign-in") onSignedOut();
    throw await failureOf(answer);
  };
  return {
    async get<T>(path: string, query: Query = {}, signal?: AbortSignal) {
      const answer = await request(withQuery(path, query), { method: "GET", ...(signal && { signal }) });
      return (await answer.json()) as T;
    },
    async send<T>(method: string, path: string, body: unknown = {}) {
      // DELETE takes its arguments from the query.
      const json =
        method === "DELETE" ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      return (await (await request(path, { method, ...json })).json()) as T;
    },
    open: (path, headers = {}, signal) => request(path, { method: "GET", headers, ...(signal && { signal }) }),
  };
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

interface Refusal {
  readonly error?: string | { readonly code?: string; readonly message?: string; readonly details?: Details };
  readonly message?: string;
}
interface Details {
  readonly issues?: readonly { readonly field?: string }[];
}

async function failureOf(answer: Response): Promise<Failure> {
  const body = (await answer.json().catch(() => ({}))) as Refusal;
  const { code, message, details } =
    typeof body.error === "object" ? body.error : { code: body.error, message: body.message, details: undefined };
  const waits = answer.headers.get("retry-after");
  const sentence =
    answer.status === 429
      ? `That was a lot at once. Try again in ${waits ?? "60"} seconds.`
      : (message ?? `The server answered ${answer.status} without a reason. Try again in a moment.`);
  return new Failure(code ?? "UNKNOWN", answer.status, sentence, details?.issues?.[0]?.field);
}
