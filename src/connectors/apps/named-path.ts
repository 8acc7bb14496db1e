import type { z } from "zod";
import { AppError, quote } from "../../core/errors.js";

/** An entry's path where names are not unique: its id, then its name for people, which is not read back. */
export function namedPath(id: string, name: string): string {
  const readable = name
    .replaceAll(/[\p{C}\p{Z}/\\]+/gu, " ")
    .trim()
    .slice(0, 120);
  return readable === "" ? id : `${id}/${readable}`;
}

/** The id of a {@link namedPath}. */
export function idOfPath(path: string): string {
  return path.split("/")[0] ?? "";
}

/** An id that fits its shape; throws `INVALID_INPUT` for another. */
export function requireId(shape: z.ZodString, id: string, what: string): string {
  if (shape.safeParse(id).success) return id;
  throw new AppError("INVALID_INPUT", `${quote(id)} is no id of a ${what}; give one as it was listed.`);
}
