import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Request, RequestHandler, Response } from "express";
import { AppError, quote } from "../../core/errors.js";
import type { Door } from "./mount.js";
import { sendBytes } from "./respond.js";

/** A file of the pages as it is sent. */
interface PageFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** The same, compressed; absent where that saves nothing. */
  readonly packed?: Buffer;
}

/** The built pages, held in memory: a build that replaces them on disk later mixes nothing. */
export interface Pages {
  /** Absent where they were never built. */
  readonly document: PageFile | undefined;
  /** By file name; a name holds the hash of its content. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** Every address at which the pages' one document is served. */
export const PAGE_PATHS = [
  "/",
  "/activate",
  "/approvals",
  "/artifacts",
  "/executions",
  "/library",
  "/settings",
  "/sign-in",
  "/skills",
  "/workflows",
];

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

const FOR_EVER = "public, max-age=31536000, immutable";

const pack = promisify(gzip);

/** Reads the pages that a build left in `folder`; none where there is no such folder. */
export async function loadPages(folder: string): Promise<Pages> {
  const read = async (...path: string[]) => fileOf(path.at(-1) ?? "", await readFile(join(folder, ...path)));
  try {
    const names = (await readdir(join(folder, "assets"))).filter((name) => extname(name) in MEDIA_TYPES);
    const assets = await Promise.all(names.map(async (name) => [name, await read("assets", name)] as const));
    return { document: await read("index.html"), assets: new Map(assets) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { document: undefined, assets: new Map() };
  }
}

async function fileOf(name: string, bytes: Buffer): Promise<PageFile> {
  const packed = await pack(bytes);
  return {
    mediaType: MEDIA_TYPES[extname(name)] ?? "application/octet-stream",
    bytes,
    ...(packed.length < bytes.length && { packed }),
  };
}

/** The doors of the pages: their document at every page's address, and its scripts and styles. */
export function pageDoors({ document, assets }: Pages): Door[] {
  const showDocument: RequestHandler = (req, res) => {
    if (!document) {
      throw new AppError("NOT_FOUND", "The pages of this server are not built: run npm run build, then start it anew.");
    }
    send(req, res, document);
  };
  const sendAsset: RequestHandler = (req, res) => {
    const name = String(req.params["name"]);
    const asset = assets.get(name);
    if (!asset) throw new AppError("NOT_FOUND", `The pages have no file ${quote(name)}; load the page anew.`);
    res.setHeader("cache-control", FOR_EVER);
    send(req, res, asset);
  };
  return [
    ...PAGE_PATHS.map((path): Door => ({ method: "GET", path, handle: showDocument })),
    { method: "GET", path: "/assets/:name", handle: sendAsset },
  ];
}

function send(req: Request, res: Response, { mediaType, bytes, packed }: PageFile): void {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) res.setHeader(name, value);
  res.vary("accept-encoding");
  const takesPacked = /(^|,)\s*gzip\s*(,|$)/i.test(req.get("accept-encoding") ?? "");
  if (packed && takesPacked) res.setHeader("content-encoding", "gzip");
  sendBytes(res, 200, mediaType, packed && takesPacked ? packed : bytes);
}
