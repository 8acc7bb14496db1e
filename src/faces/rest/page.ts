import { createHash } from "node:crypto";
import type { Response } from "express";
import type { Cookie, CookieAnswer, PageAnswer, RedirectAnswer } from "../../core/answer.js";
import type { AppError } from "../../core/errors.js";
import { visible } from "../../core/visible.js";
import type { Route } from "../../core/operation.js";
import { requestIdOf, sendBytes, sendJson } from "./respond.js";

const STYLE =
  "body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1c1c1c;background:#f6f6f4}" +
  "main{max-width:34rem;margin:18vh auto 0;padding:0 1.5rem}h1{font-size:1.5rem;margin:0 0 .5rem}" +
  "p{margin:0 0 1rem;overflow-wrap:anywhere}small{color:#666}a{color:#1f5d49}" +
  "@media(prefers-color-scheme:dark){body{color:#ededeb;background:#1a1a19}small{color:#aaa}a{color:#8fd0b5}}";

const POLICY =
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; ` +
  "frame-ancestors 'none'; form-action 'none'; base-uri 'none'";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

type Onward = Route["onward"];

/** Ends the response with a page. */
export function sendPage(res: Response, { title, text, cookies }: PageAnswer, onward: Onward): void {
  setCookies(res, cookies);
  send(res, 200, { title, text, onward });
}

/** Ends the response with a page that says what went wrong. */
export function sendErrorPage(res: Response, title: string, error: AppError, onward: Onward): void {
  const note = `${error.code}, request ${requestIdOf(res)}`;
  send(res, error.status, { title: `${title}: that did not work`, text: error.message, onward, note });
}

/** Ends the response with JSON and cookies. */
export function sendWithCookies(res: Response, { body, cookies }: CookieAnswer): void {
  setCookies(res, cookies);
  sendJson(res, 200, body);
}

/** Ends the response by sending the browser elsewhere. */
export function sendRedirect(res: Response, { location, cookies }: RedirectAnswer): void {
  setCookies(res, cookies);
  res.status(302).setHeader("location", location);
  res.end();
}

interface Content {
  readonly title: string;
  readonly text: string;
  readonly onward: Onward;
  readonly note?: string;
}

function send(res: Response, status: number, { title, text, onward, note }: Content): void {
  res.setHeader("content-security-policy", POLICY);
  const page = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escaped(title)}</title><style>${STYLE}</style></head>`,
    `<body><main><h1>${escaped(title)}</h1><p>${escaped(text)}</p>`,
    onward === undefined ? "" : `<p><a href="${escaped(onward.path)}">${escaped(onward.label)}</a></p>`,
    note === undefined ? "" : `<small>${escaped(note)}</small>`,
    "</main></body></html>",
  ].join("");
  sendBytes(res, status, "text/html; charset=utf-8", Buffer.from(page));
}

function escaped(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function setCookies(res: Response, cookies: readonly Cookie[]): void {
  if (cookies.length === 0) return;
  res.setHeader(
    "set-cookie",
    cookies.map(({ name, value, path, maxAge, secure }) =>
      [
        `${name}=${value}`,
        `Path=${path}`,
        `Max-Age=${maxAge}`,
        "HttpOnly",
        "SameSite=Lax",
        ...(secure ? ["Secure"] : []),
      ].join("; "),
    ),
  );
}
