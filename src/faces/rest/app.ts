import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type Request, type RequestHandler, type Response } from "express";
import { AppError, quote, toAppError } from "../../core/errors.js";
import type { Invoke } from "../../core/invoke.js";
import type { Log } from "../../core/log.js";
import type { Registry } from "../../core/registry.js";
import { admit, type Guard } from "../guard.js";
import type { RateLimits } from "../rate-limits.js";
import { type Credentials, identify, originOf } from "./credentials.js";
import { allowedAt, type Door, mount } from "./mount.js";
import { type Pages, pageDoors } from "./pages.js";
import { isRouted, operationDoor } from "./operation-door.js";
import { countedCaller, LIMITED, tellUncounted } from "./rate-limit.js";
import { requestIdOf, sendBytes, sendError, sendJson } from "./respond.js";
import { acceptVersion, LATEST_VERSION } from "./version.js";

interface RestFaceOptions<Services> extends Credentials {
  readonly registry: Registry<Services>;
  readonly invoke: Invoke;
  readonly guard: Guard;
  /** How often requests may come; as often as they like if left out. */
  readonly limits?: RateLimits;
  /** Resolves when the server can answer, else throws. */
  readonly ready: () => Promise<void>;
  readonly log: Log;
  /** Largest request body in bytes. */
  readonly maxBody: number;
  /** How many proxies in front to believe about the client's address. */
  readonly trustProxy: number;
  readonly skillDocument: () => string;
  readonly openApi: () => unknown;
  readonly pages: Pages;
  readonly newRequestId: () => string;
}

/** The REST door as a plain Node request handler. */
interface RestFace {
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
}

/** Every route of the registry, the pages, `/healthz`, `/readyz`, `/skill.md` and `/api/openapi.json` over Express. */
export function createRestFace<Services>(options: RestFaceOptions<Services>): RestFace {
  const app = express();
  app.disable("x-powered-by").disable("etag").set("query parser", false).set("trust proxy", options.trustProxy);
  app.enable("case sensitive routing").enable("strict routing");
  app.use("/api", negotiateVersion);
  mount(app, [
    ...serverDoors(options),
    ...pageDoors(options.pages),
    ...options.registry.entries.filter(isRouted).map((entry) => operationDoor(entry, options)),
  ]);
  app.use(refuseUnrouted(options));
  const answer = answerError(options);
  const fail = (req: IncomingMessage, res: ServerResponse, thrown: unknown): void =>
    void tellUncounted(req, res, options.limits).finally(() => answer(res, thrown));
  return {
    handler(req, res) {
      begin(req, res, options);
      // Not in Express, which asks no one about an address that it cannot read, and answers that in HTML.
      try {
        if (!admit(options.guard, req, res)) return;
      } catch (thrown) {
        fail(req, res, thrown);
        return;
      }
      app(req as Request, res as Response, (thrown?: unknown) => {
        fail(
          req,
          res,
          thrown ?? new AppError("INVALID_INPUT", "The address of this request cannot be read; check it."),
        );
      });
    },
  };
}

/** What every answer has, whatever becomes of the request. */
function begin<Services>(req: IncomingMessage, res: ServerResponse, options: RestFaceOptions<Services>): void {
  const asked = req.headers["x-request-id"];
  const isGood = typeof asked === "string" && /^[A-Za-z0-9._:-]{1,128}$/.test(asked);
  const headers = {
    "x-request-id": isGood ? asked : options.newRequestId(),
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  const started = performance.now();
  res.once("close", () => {
    // The route's pattern, not the address: an address can hold a key, a signature or a search.
    const route = (req as { route?: { path: string } }).route?.path;
    const ms = Math.round(performance.now() - started);
    const line = { request_id: requestIdOf(res), method: req.method, route, status: res.statusCode, ms };
    options.log.debug(line, "request");
  });
}

const negotiateVersion: RequestHandler = (req, res, next) => {
  res.vary("x-api-key, authorization, clanker-version").set("clanker-version", LATEST_VERSION);
  res.set("clanker-version", acceptVersion(req.get("clanker-version")));
  next();
};

function serverDoors<Services>({ ready, openApi, skillDocument }: RestFaceOptions<Services>): Door[] {
  const page = (path: string, handle: RequestHandler): Door => ({ method: "GET", path, handle });
  const document = once(() => Buffer.from(JSON.stringify(openApi())));
  const skill = once(() => Buffer.from(skillDocument()));
  return [
    page("/healthz", (_req, res) => sendJson(res, 200, { status: "ok" })),
    page("/readyz", async (_req, res) => {
      await ready().catch((cause: unknown) => {
        throw cause instanceof AppError
          ? cause
          : new AppError("STORE_UNAVAILABLE", "The server is not ready; try again in a moment.", { cause });
      });
      sendJson(res, 200, { status: "ready" });
    }),
    page("/api/openapi.json", (_req, res) => sendBytes(res, 200, "application/json; charset=utf-8", document())),
    page("/skill.md", (_req, res) => sendBytes(res, 200, "text/markdown; charset=utf-8", skill())),
  ];
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** A route that does not exist is none whatever the key: only whoever sends too many requests hears of it. */
function refuseUnrouted<Services>(options: RestFaceOptions<Services>): RequestHandler {
  return async (req, res) => {
    const { limits } = options;
    if (limits && req.path.startsWith(LIMITED)) {
      const origin = originOf(req, requestIdOf(res));
      const sender = () => identify(req, { method: "GET", path: "" }, origin, options, true);
      await countedCaller(req, res, origin, limits, sender).catch((thrown: unknown) => {
        if (toAppError(thrown).code === "RATE_LIMITED") throw thrown;
      });
    }
    answerUnrouted(req, res);
  };
}

function answerUnrouted(req: Request, res: Response): void {
  const methods = allowedAt(res);
  if (methods.length === 0) {
    throw new AppError("NOT_FOUND", `There is no route ${quote(req.path)}; GET /api/openapi.json lists all.`);
  }
  const allow = [...new Set([...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].join(", ");
  res.set("allow", allow);
  if (req.method !== "OPTIONS") throw new AppError("METHOD_NOT_ALLOWED", `This address takes ${allow}.`);
  res.status(204).end();
}

/** Whatever was thrown outside `invoke`, as JSON, its cause in the log alone. */
function answerError<Services>({ log }: RestFaceOptions<Services>) {
  return (res: ServerResponse, thrown: unknown): void => {
    const error =
      thrown instanceof URIError
        ? new AppError("INVALID_INPUT", "The address holds a percent sign that encodes nothing; encode it as %25.")
        : toAppError(thrown);
    if (error.cause !== undefined) {
      log.error({ request_id: requestIdOf(res), code: error.code, err: error.cause }, error.message);
    }
    sendError(res, error);
  };
}
