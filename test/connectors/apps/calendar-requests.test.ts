import { calendar as officialCalendar, type calendar_v3 } from "@googleapis/calendar";
import { afterAll, beforeAll, expect, it } from "vitest";
import { calendar } from "../../../src/connectors/apps/calendar.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { askedBy, askedByClient } from "./requests.js";

const from = "2026-03-01T09:00:00Z";
const to = "2026-03-02T09:00:00+01:00";
const calendarId = "en.usa#holiday@group.v.calendar.google.com";
const eventId = "abc123_20260301T090000Z";

/** An action, its arguments and the same with Google's own client. */
interface Row {
  readonly action: string;
  readonly input: object;
  readonly client: (calendar: calendar_v3.Calendar) => Promise<unknown>;
  readonly replies?: readonly unknown[];
}

const rows: Row[] = [
  {
    action: "list-calendars",
    input: { min_access_role: "writer", limit: 10, cursor: "c2" },
    client: (calendar) => calendar.calendarList.list({ minAccessRole: "writer", maxResults: 10, pageToken: "c2" }),
  },
  {
    action: "find-busy-times",
    input: { from, to, calendars: ["primary", "ann@example.test"], time_zone: "Europe/Rome" },
    client: (calendar) =>
      calendar.freebusy.query({
        requestBody: {
          timeMin: from,
          timeMax: to,
          timeZone: "Europe/Rome",
          items: [{ id: "primary" }, { id: "ann@example.test" }],
        },
      }),
  },
  {
    action: "list-events",
    input: { calendar: calendarId, query: "lunch & learn", from, to, limit: 5, cursor: "c2" },
    client: (calendar) =>
      calendar.events.list({
        calendarId,
        q: "lunch & learn",
        timeMin: from,
        timeMax: to,
        singleEvents: true,
        orderBy: "startTime",
        maxResults: 5,
        pageToken: "c2",
      }),
  },
  {
    action: "get-event",
    input: { event_id: eventId },
    client: (calendar) => calendar.events.get({ calendarId: "primary", eventId }),
  },
  {
    action: "list-event-instances",
    input: { event_id: eventId, from },
    client: (calendar) => calendar.events.instances({ calendarId: "primary", eventId, timeMin: from, maxResults: 25 }),
  },
  {
    action: "create-event",
    input: {
      title: "Lunch",
      start: "2026-03-01T12:00:00",
      end: "2026-03-01T13:00:00",
      time_zone: "Europe/Rome",
      location: "Bar",
      description: "Food",
      attendees: ["ann@example.test"],
      recurrence: ["RRULE:FREQ=WEEKLY;COUNT=2"],
      visibility: "private",
      notify: "all",
    },
    client: (calendar) =>
      calendar.events.insert({
        calendarId: "primary",
        sendUpdates: "all",
        requestBody: {
          summary: "Lunch",
          location: "Bar",
          description: "Food",
          recurrence: ["RRULE:FREQ=WEEKLY;COUNT=2"],
          visibility: "private",
          start: { dateTime: "2026-03-01T12:00:00", timeZone: "Europe/Rome" },
          end: { dateTime: "2026-03-01T13:00:00", timeZone: "Europe/Rome" },
          attendees: [{ email: "ann@example.test" }],
        },
      }),
  },
  {
    action: "create-event",
    input: { calendar: calendarId, title: "Off", start: "2026-03-01", end: "2026-03-03" },
    client: (calendar) =>
      calendar.events.insert({
        calendarId,
        sendUpdates: "none",
        requestBody: { summary: "Off", start: { date: "2026-03-01" }, end: { date: "2026-03-03" } },
      }),
  },
  {
    action: "quick-add-event",
    input: { text: "Lunch with Ann tomorrow at noon" },
    client: (calendar) =>
      calendar.events.quickAdd({
        calendarId: "primary",
        text: "Lunch with Ann tomorrow at noon",
        sendUpdates: "none",
      }),
  },
  {
    action: "update-event",
    input: { event_id: eventId, title: "Later", start: "2026-03-01T14:00:00Z", end: "2026-03-01T15:00:00Z" },
    client: (calendar) =>
      calendar.events.patch({
        calendarId: "primary",
        eventId,
        sendUpdates: "none",
        requestBody: {
          summary: "Later",
          start: { dateTime: "2026-03-01T14:00:00Z", date: null },
          end: { dateTime: "2026-03-01T15:00:00Z", date: null },
        },
      }),
  },
  {
    action: "update-event",
    input: { event_id: eventId, start: "2026-03-01", attendees: [], notify: "externalOnly" },
    client: (calendar) =>
      calendar.events.patch({
        calendarId: "primary",
        eventId,
        sendUpdates: "externalOnly",
        requestBody: { start: { date: "2026-03-01", dateTime: null, timeZone: null }, attendees: [] },
      }),
  },
  {
    action: "respond-to-event",
    input: { event_id: eventId, response: "declined", comment: "Ill" },
    replies: [
      {
        etag: '"e1"',
        attendees: [
          { email: "me@example.test", self: true, responseStatus: "needsAction", optional: true },
          { email: "ann@example.test", responseStatus: "accepted" },
        ],
      },
      {},
    ],
    client: async (calendar) => {
      await calendar.events.get({ calendarId: "primary", eventId });
      await calendar.events.patch({
        calendarId: "primary",
        eventId,
        sendUpdates: "none",
        requestBody: {
          attendees: [
            { email: "me@example.test", self: true, responseStatus: "declined", optional: true, comment: "Ill" },
            { email: "ann@example.test", responseStatus: "accepted" },
          ],
        },
      });
    },
  },
  {
    action: "move-event",
    input: { event_id: eventId, to_calendar: calendarId },
    client: (calendar) =>
      calendar.events.move({ calendarId: "primary", eventId, destination: calendarId, sendUpdates: "none" }),
  },
  {
    action: "delete-event",
    input: { event_id: eventId, notify: "all" },
    client: (calendar) => calendar.events.delete({ calendarId: "primary", eventId, sendUpdates: "all" }),
  },
];

let recorder: Recorder;
let client: calendar_v3.Calendar;
beforeAll(async () => {
  recorder = await startRecorder();
  client = officialCalendar({ version: "v3", rootUrl: `${recorder.url}/` });
});
afterAll(() => recorder.stop());

it.each(rows)("$action asks for what Google's own client asks for", async ({ client: calls, ...row }) => {
  const theirs = await askedByClient(recorder, () => calls(client), row.replies);
  expect(await askedBy(calendar, recorder, row)).toEqual(theirs);
});

it("answers an invitation only over the list of guests that it read", async () => {
  const row = rows.find((one) => one.action === "respond-to-event");
  if (!row) throw new Error("The case is gone.");
  await askedBy(calendar, recorder, row);
  expect(recorder.arrived.map(({ headers }) => headers["if-match"])).toEqual([undefined, '"e1"']);
});

it("asks for a video call with an id of its own each time", async () => {
  const input = { title: "Call", start: "2026-03-01T12:00:00Z", end: "2026-03-01T13:00:00Z", video_call: true };
  const ids = new Set<unknown>();
  for (let time = 0; time < 2; time++) {
    const [asked] = await askedBy(calendar, recorder, { action: "create-event", input });
    expect(asked?.query).toContain("conferenceDataVersion=1");
    const { conferenceData } = JSON.parse(JSON.stringify(asked?.body));
    expect(conferenceData.createRequest.conferenceSolutionKey).toEqual({ type: "hangoutsMeet" });
    ids.add(conferenceData.createRequest.requestId);
  }
  expect(ids.size).toBe(2);
});

it("compares every action", () => {
  expect(new Set(rows.map((row) => row.action))).toEqual(new Set(calendar.actions.map((action) => action.name)));
});
