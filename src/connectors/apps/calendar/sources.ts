import { z } from "zod";
import type { App } from "../../app.js";
import { answered } from "../answered.js";
import { idOfPath, namedPath, requireId } from "../named-path.js";
import { calendarId, event, eventId, events } from "./call.js";

const calendars = z.object({
  items: z.array(z.object({ id: z.string(), summary: z.string().default("") })).default([]),
  nextPageToken: z.string().optional(),
});

const aPoint = z.object({ date: z.string().optional(), dateTime: z.string().optional() }).optional();
const anEvent = z.object({
  id: z.string(),
  status: z.string().optional(),
  summary: z.string().default(""),
  description: z.string().optional(),
  location: z.string().optional(),
  start: aPoint,
  end: aPoint,
  attendees: z.array(z.object({ email: z.string().default(""), responseStatus: z.string().default("") })).default([]),
});
type CalendarEvent = z.output<typeof anEvent>;
const someEvents = z.object({ items: z.array(anEvent).default([]), nextPageToken: z.string().optional() });

const PAGE = 250;
const FOLDER = 100;

/** The calendars of the account; the search is for a part of the name, on the page that is asked for. */
export const sources: App["sources"] = async ({ search = "", cursor }, api) => {
  const query = { maxResults: PAGE, pageToken: cursor };
  const page = answered(calendars, await api.json({ path: "/calendar/v3/users/me/calendarList", query }));
  const wanted = page.items.filter((one) => one.summary.toLowerCase().includes(search.toLowerCase()));
  return {
    data: wanted.map(({ id, summary }) => ({ id, name: summary, kind: "calendar" })),
    ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
  };
};

/** The events of a calendar that are not over yet, soonest first, or one of them as text. */
export const content: App["content"] = async ({ source, path = "" }, api) => {
  const calendar = requireId(calendarId, source, "calendar");
  if (path !== "") {
    const event_id = requireId(eventId, idOfPath(path), "event");
    const text = asText(answered(anEvent, await api.json({ path: event({ calendar, event_id }) })));
    return { kind: "file", path, mimeType: "text/markdown", size: Buffer.byteLength(text), text };
  }
  const query = { timeMin: new Date().toISOString(), singleEvents: true, orderBy: "startTime", maxResults: FOLDER };
  const page = answered(someEvents, await api.json({ path: events(calendar), query }));
  const entries = page.items.map((one) => ({
    path: namedPath(one.id, `${begins(one)} ${one.summary}`),
    kind: "file" as const,
  }));
  return { kind: "folder", path, entries, truncated: page.nextPageToken !== undefined };
};

const begins = ({ start }: CalendarEvent) => start?.dateTime ?? start?.date ?? "";

function asText(event: CalendarEvent): string {
  const { summary, location, description, end, status, attendees } = event;
  const lines = [
    `# ${summary}`,
    "",
    `- When: ${begins(event)} to ${end?.dateTime ?? end?.date ?? "?"}`,
    ...(location === undefined ? [] : [`- Where: ${location}`]),
    ...(status === undefined ? [] : [`- Status: ${status}`]),
    ...attendees.map((guest) => `- Guest: ${guest.email} (${guest.responseStatus})`),
    ...(description === undefined ? [] : ["", description]),
  ];
  return `${lines.join("\n")}\n`;
}
