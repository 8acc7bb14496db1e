import { AppError } from "../core/errors.js";

/** `STORE_UNAVAILABLE` for a caller: no path, no address; `cause` is for the log. */
export function unavailable(
  cause: unknown,
  sentence = "The store does not answer right now; try again in a moment.",
): AppError {
  return cause instanceof AppError ? cause : new AppError("STORE_UNAVAILABLE", sentence, { cause });
}

/** What every method throws once the store was closed. */
export function closed(): AppError {
  return new AppError("STORE_UNAVAILABLE", "The store is closed because the server is stopping; try again later.");
}
