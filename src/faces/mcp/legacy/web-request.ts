/** The part of a web `Request` that the transport reads; a real one costs more than the rest of a call. */
export function webRequest(method: string, headers: Readonly<Record<string, string>>): Request {
  return { method, url: "http://localhost/mcp", headers: new Headers(headers) } as Request;
}
