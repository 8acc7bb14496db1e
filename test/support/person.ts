import type { Json } from "./faces.js";

/** What a server answered a person. */
export interface Told {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

/** A person who is signed in. */
export interface Person {
  /** Their session's token, as the cookie has it. */
  readonly token: string;
  readonly csrf: string;
  /** What the sign-in answered. */
  readonly session: Json;
  /** The whole cookie, as it was set. */
  readonly cookie: string;
  /** A request with the session's token in its header. */
  call(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Told>;
  /** A request as a browser sends it: with the cookie, and whatever a page adds. */
  browse(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Told>;
}

/** Sends JSON and reads JSON. */
export async function request(
  url: string,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Told> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body && { "content-type": "application/json" }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
}

/** The token of a link that signs somebody in. */
export function tokenOf(link: string): string {
  return /#token=(c[il]_[\w-]{43})$/.exec(link.trim())?.[1] ?? "";
}

/** Signs somebody in by a link. */
export async function signIn(url: string, link: string, name?: string): Promise<Person> {
  const told = await request(url, "POST", "/api/v1/sign-in", { token: tokenOf(link), ...(name && { name }) });
  if (told.status !== 200) throw new Error(`not signed in: ${JSON.stringify(told.body)}`);
  return personOf(url, told);
}

/** The person whom an answer with a session's cookie signs in. */
export function personOf(url: string, { body: session, headers: set }: Told): Person {
  const cookie = set.get("set-cookie") ?? "";
  const token = /^clanker_session=(cs_[\w-]{43});/.exec(cookie)?.[1] ?? "";
  return {
    token,
    csrf: session.csrf_token,
    session,
    cookie,
    call: (method, path, body, headers) => request(url, method, path, body, { "x-auth-token": token, ...headers }),
    browse: (method, path, body, headers) =>
      request(url, method, path, body, { cookie: `clanker_session=${token}`, ...headers }),
  };
}
