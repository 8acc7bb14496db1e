import type { App } from "../app.js";
import { calendarActions } from "./calendar/calendars.js";
import { eventActions } from "./calendar/events.js";
import { content, sources } from "./calendar/sources.js";
import { triggers } from "./calendar/triggers.js";
import { GOOGLE_AUTHORIZE, GOOGLE_EMAIL, googleAccount } from "./google.js";

const SCOPES = ["calendar.events", "calendar.calendarlist.readonly", "calendar.freebusy"];

export const calendar: App = {
  slug: "calendar",
  title: "Google Calendar",
  provider: "GOOGLE",
  scopes: [GOOGLE_EMAIL, ...SCOPES.map((scope) => `https://www.googleapis.com/auth/${scope}`)],
  authorizeParams: GOOGLE_AUTHORIZE,
  account: googleAccount,
  sources,
  content,
  actions: [...calendarActions, ...eventActions],
  triggers,
};
