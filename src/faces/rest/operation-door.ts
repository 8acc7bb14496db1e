import type { Request, Response } from "express";
import { BinaryAnswer, CookieAnswer, PageAnswer, RedirectAnswer, StreamAnswer } from "../../core/answer.js";
import { AppError, encodeError, toAppError } from "../../core/errors.js";
import type { Invoke } from "../../core/invoke.js";
import type { Log } from "../../core/log.js";
import type { Route } from "../../core/operation.js";
import type { Entry } from "../../core/registry.js";
import type { RateLimits } from "../rate-limits.js";
import { readArguments } from "./arguments.js";
import { type Credentials, identify, originOf } from "./credentials.js";
import type { Door } from "./mount.js";
import { sendErrorPage, sendPage, sendRedirect, sendWithCookies } from "./page.js";
import { countedCaller } from "./rate-limit.js";
import { requestIdOf, sendError, sendFile, sendJson } from "./respond.js";
import { sendEvents } from "./stream.js";

interface Surroundings extends Credentials {
  readonly invoke: Invoke;
  readonly limits?: RateLimits | undefined;
  readonly log: Log;
  readonly maxBody: number;
}

type Routed<Services> = Entry<Services> & { readonly operation: { readonly route: Route } };

/** Whether an operation has a REST route. */
export function isRouted<Services>(entry: Entry<Services>): entry is Routed<Services> {
  return entry.operation.route !== undefined;
}

/** The door of one operation: request in, `invoke`, answer out. */
export function operationDoor<Services>(entry: Routed<Services>, around: Surroundings): Door {
  const { route, name, scope, title } = entry.operation;
  const isPage = route.produces?.startsWith("text/html") ?? false;
  const fail = (res: Response, thrown: unknown): void =>
    isPage ? sendErrorPage(res, title, toAppError(thrown), route.onward) : sendError(res, toAppError(thrown));
  const handle = async (req: Request, res: Response): Promise<void> => {
    const leaving = hangUp(res);
    const origin = originOf(req, requestIdOf(res));
    const { caller, query } = await countedCaller(req, res, origin, around.limits, () =>
      identify(req, route, origin, around, scope === "public"),
    );
    // A call that lacks its credential goes on without its body: `invoke` refuses it and the audit log has it.
    const refused = caller.kind === "anonymous" && scope !== "public";
    const args = refused ? {} : withLastEvent(req, entry, await readArguments(req, query, entry, around.maxBody));
    let answer: unknown;
    try {
      answer = await around.invoke({
        operation: name,
        args,
        caller,
        signal: leaving.signal,
        idempotencyKey: idempotencyKeyOf(req),
        onReplay: () => void res.setHeader("idempotency-replayed", "true"),
      });
    } catch (thrown) {
      return fail(res, thrown);
    }
    if (answer instanceof CookieAnswer) return sendWithCookies(res, answer);
    if (answer instanceof RedirectAnswer) return sendRedirect(res, answer);
    if (answer instanceof PageAnswer) return sendPage(res, answer, route.onward);
    if (answer instanceof BinaryAnswer) return sendFile(res, answer);
    if (!(answer instanceof StreamAnswer)) return sendJson(res, 200, answer);
    await sendEvents(res, answer, {
      describe(thrown) {
        around.log.error({ request_id: requestIdOf(res), operation: name, err: thrown }, "an event stream broke off");
        return encodeError(toAppError(thrown), requestIdOf(res));
      },
    });
    // A source that was never asked for its first event hears of the end in no other way.
    leaving.abort();
  };
  const handleForBrowser = (req: Request, res: Response): Promise<void> =>
    handle(req, res).catch((thrown: unknown) => {
      if (!(thrown instanceof AppError)) throw thrown;
      fail(res, thrown);
    });
  return { method: route.method, path: route.path, handle: isPage ? handleForBrowser : handle };
}

/** The key that the request gives; several are none. */
function idempotencyKeyOf(req: Request): unknown {
  const { "idempotency-key": keys } = req.headersDistinct;
  return keys?.length === 1 ? keys[0] : keys;
}

/** Aborted when the client leaves before the answer is out. */
function hangUp(res: Response): AbortController {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller;
}

/** A browser that reconnects to a stream names the last event it saw in a header of its own. */
function withLastEvent<Services>(req: Request, { inputSchema }: Entry<Services>, args: Record<string, unknown>) {
  const last = req.get("last-event-id");
  const taken = last !== undefined && Object.hasOwn(inputSchema.properties ?? {}, "last_event_id");
  return taken ? { last_event_id: last, ...args } : args;
}
