import type { z } from "zod";
import { AppError } from "../../core/errors.js";

/** An app's answer as `schema` reads it; throws `UPSTREAM_FAILED` where the app answered something else. */
export function answered<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new AppError("UPSTREAM_FAILED", "The app answered something unexpected; try again later.", {
    cause: parsed.error,
  });
}
