import { z } from "zod";
import { AppError, quote } from "../../../core/errors.js";

/** A day, or a time that is either given with its offset or means the event's time zone. */
export const when = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?$/)
  .describe("a day 2026-03-01 for an event of whole days, else 2026-03-01T09:00:00 in time_zone or with Z or +01:00");

/** An IANA time zone. */
export const timeZone = z.string().regex(/^[A-Za-z0-9_+/-]{1,64}$/);

interface Times {
  readonly start?: string | undefined;
  readonly end?: string | undefined;
  readonly time_zone?: string | undefined;
}

/** Start and end as Calendar takes them; throws `INVALID_INPUT` where one is a day and the other a time, or a time is nowhere. */
export function times({ start, end, time_zone }: Times) {
  if (start !== undefined && end !== undefined && isDay(start) !== isDay(end)) {
    throw new AppError("INVALID_INPUT", "Give start and end both as days or both as times.");
  }
  return {
    ...(start !== undefined && { start: point(start, time_zone) }),
    ...(end !== undefined && { end: point(end, time_zone) }),
  };
}

const isDay = (value: string) => !value.includes("T");

function point(value: string, timeZone: string | undefined) {
  if (isDay(value)) return { date: value };
  if (timeZone === undefined && !/(Z|[+-]\d\d:\d\d)$/.test(value)) {
    throw new AppError("INVALID_INPUT", `Say where it is ${quote(value)}: add Z or an offset, or give time_zone.`);
  }
  return { dateTime: value, ...(timeZone !== undefined && { timeZone }) };
}

/** {@link times} for an event that has some already: a day takes the place of a time, and the other way round. */
export function changedTimes(input: Times) {
  const changed = (value: ReturnType<typeof point>) =>
    "date" in value ? { ...value, dateTime: null, timeZone: null } : { ...value, date: null };
  return Object.fromEntries(Object.entries(times(input)).map(([name, value]) => [name, changed(value)]));
}
