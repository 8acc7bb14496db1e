import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request, Response } from "express";
import type { RequestOrigin } from "../../core/authenticate.js";
import type { Caller } from "../../core/caller.js";
import { ERRORS, toAppError } from "../../core/errors.js";
import { addressBucket, bucketOf, rateLimited, type RateLimits, secondsLeft, type Tally } from "../rate-limits.js";

/** The addresses whose requests are counted. */
export const LIMITED = "/api/v1/";

/**
 * Identifies the sender of a request and counts the request for it; throws what `identify` throws, or `RATE_LIMITED`.
 * The credential comes first: a valid one is not refused for what others at its address do.
 */
export async function countedCaller<T extends { readonly caller: Caller }>(
  req: Request,
  res: Response,
  origin: RequestOrigin,
  limits: RateLimits | undefined,
  identify: () => Promise<T>,
): Promise<T> {
  if (!limits) return identify();
  const count = async (bucket: string): Promise<void> => {
    const tally = req.path.startsWith(LIMITED) ? await limits.rest(bucket) : undefined;
    if (tally) tell(res, tally);
    if (tally?.isOver) refuse(res, tally);
  };
  let found: T;
  try {
    found = await identify();
  } catch (thrown) {
    const isUnknown = ERRORS[toAppError(thrown).code].status === 401;
    const failures = isUnknown ? await limits.failedKey(origin.ip) : undefined;
    if (failures?.isOver) {
      tell(res, failures);
      refuse(res, failures);
    }
    await count(addressBucket(origin.ip));
    throw thrown;
  }
  await count(bucketOf(found.caller));
  return found;
}

/** Gives an answer that was refused before its sender was known the headers that every answer below `/api/v1/` has. */
export async function tellUncounted(
  req: IncomingMessage & { readonly ip?: string | undefined },
  res: ServerResponse,
  limits: RateLimits | undefined,
): Promise<void> {
  if (!limits || res.headersSent || res.hasHeader("x-ratelimit-limit") || !req.url?.startsWith(LIMITED)) return;
  const tally = await limits.rest(addressBucket(req.ip ?? req.socket.remoteAddress));
  if (tally) tell(res, tally);
}

function tell(res: ServerResponse, tally: Tally): void {
  res.setHeader("x-ratelimit-limit", tally.limit);
  res.setHeader("x-ratelimit-remaining", tally.remaining);
  res.setHeader("x-ratelimit-reset", secondsLeft(tally));
}

function refuse(res: Response, tally: Tally): never {
  res.setHeader("retry-after", secondsLeft(tally));
  throw rateLimited(tally);
}
