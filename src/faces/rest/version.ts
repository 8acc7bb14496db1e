import { AppError, quote } from "../../core/errors.js";

/** The API's latest version; a caller that names none gets this one. */
export const LATEST_VERSION = "2026-11-01";

/** The version a caller asked for, the latest by default; `INVALID_VERSION` when it is no date or one to come. */
export function acceptVersion(asked: string | undefined): string {
  if (asked === undefined || asked === "") return LATEST_VERSION;
  if (isDate(asked) && asked <= LATEST_VERSION) return asked;
  throw new AppError(
    "INVALID_VERSION",
    `clanker-version takes a date up to ${LATEST_VERSION}, such as ${LATEST_VERSION}, not ${quote(asked)}; leave it out for the latest.`,
  );
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
