import { z } from "zod";

/** A moment in RFC 3339 with its offset, such as 2026-03-01T09:00:00Z. */
export const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/)
  .describe("such as 2026-03-01T09:00:00Z");

/** A bare e-mail address. */
export const email = z
  .string()
  .max(254)
  .regex(/^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\[\]]+$/);

/** Text that fits on one line: a header's or a name's. */
export const line = z.string().regex(/^[^\u0000-\u001f\u007f\u2028\u2029]*$/);

/** Paging arguments of lists that hand out a cursor. */
export const cursorPaging = (most: number, usual: number) => ({
  limit: z.int().min(1).max(most).default(usual),
  cursor: z.string().min(1).max(2048).optional().describe("next_cursor of the page before"),
});
