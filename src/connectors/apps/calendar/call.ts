import { z } from "zod";
import { path } from "../../app.js";

/** A calendar's id; `primary` is the account's own. */
export const calendarId = z.string().regex(/^[^\s/\\?]{1,254}$/);

/** A calendar argument; the account's own where it is left out. */
export const calendar = calendarId.default("primary").describe("a calendar's id; primary is the account's own");

export const eventId = z.string().regex(/^[A-Za-z0-9_-]{1,1024}$/);

/** Whether people who are invited get a mail. */
export const notify = z
  .enum(["all", "externalOnly", "none"])
  .default("none")
  .describe("which guests get a mail: all, those who do not use Google Calendar, or none");

/** A path below a calendar's events. */
export function events(calendar: string, rest = ""): string {
  return path`/calendar/v3/calendars/${calendar}/events` + rest;
}

/** A path below one event. */
export function event(input: { readonly calendar: string; readonly event_id: string }, rest = ""): string {
  return events(input.calendar, path`/${input.event_id}` + rest);
}
