import { z } from "zod";
import { AppError } from "../../../core/errors.js";
import { action } from "../../app.js";
import { answered } from "../answered.js";
import { cursorPaging, email, moment } from "../inputs.js";
import { calendar, calendarId, event, eventId, events, notify } from "./call.js";
import { changedTimes, times, timeZone, when } from "./times.js";

const anEvent = z.strictObject({ calendar, event_id: eventId });

const details = {
  description: z.string().max(8192).optional(),
  location: z.string().max(1024).optional(),
  time_zone: timeZone.optional().describe("such as Europe/Rome, for times without an offset and for repetition"),
  attendees: z.array(email).max(200).optional().describe("e-mail addresses of the guests"),
  recurrence: z
    .array(z.string().regex(/^(RRULE|EXRULE|RDATE|EXDATE)[:;][^\r\n]{1,500}$/))
    .max(20)
    .optional()
    .describe("RFC 5545 lines such as RRULE:FREQ=WEEKLY;BYDAY=MO"),
  visibility: z.enum(["default", "public", "private"]).optional(),
};

const guests = (attendees: readonly string[] | undefined) => attendees?.map((address) => ({ email: address }));

export const eventActions = [
  action({
    name: "list-events",
    title: "List or search events",
    description:
      "Events of a calendar in the order in which they begin, each repetition by itself; of a span of time or with certain words where given.",
    effect: "read",
    input: z.strictObject({
      calendar,
      query: z.string().max(500).optional().describe("words in title, text, place or guests"),
      from: moment.optional().describe("only events that end after this time; leave out and the oldest come first"),
      to: moment.optional().describe("only events that begin before this time"),
      ...cursorPaging(250, 25),
    }),
    run: ({ calendar, query, from, to, limit, cursor }, api) =>
      api.json({
        path: events(calendar),
        query: {
          q: query,
          timeMin: from,
          timeMax: to,
          singleEvents: true,
          orderBy: "startTime",
          maxResults: limit,
          pageToken: cursor,
        },
      }),
  }),
  action({
    name: "get-event",
    title: "Get an event",
    description: "One event: time, place, text, guests and what they answered.",
    effect: "read",
    input: anEvent,
    run: (input, api) => api.json({ path: event(input) }),
  }),
  action({
    name: "list-event-instances",
    title: "List repetitions",
    description: "The single dates of an event that repeats, each with an id of its own.",
    effect: "read",
    input: anEvent.extend({ from: moment.optional(), to: moment.optional(), ...cursorPaging(250, 25) }),
    run: ({ from, to, limit, cursor, ...input }, api) =>
      api.json({
        path: event(input, "/instances"),
        query: { timeMin: from, timeMax: to, maxResults: limit, pageToken: cursor },
      }),
  }),
  action({
    name: "create-event",
    title: "Create an event",
    description:
      "Puts an event into a calendar, with guests and repetition where given; guests get mail only with notify.",
    effect: "write",
    input: z.strictObject({
      calendar,
      title: z.string().min(1).max(1024),
      start: when,
      end: when.describe("as start; of days the one after the last"),
      ...details,
      video_call: z.boolean().default(false).describe("add a Google Meet link"),
      notify,
    }),
    run: ({ calendar, title, start, end, time_zone, attendees, video_call, notify, ...rest }, api) =>
      api.json({
        method: "POST",
        path: events(calendar),
        query: { sendUpdates: notify, conferenceDataVersion: video_call ? 1 : undefined },
        body: {
          summary: title,
          ...rest,
          ...times({ start, end, time_zone }),
          attendees: guests(attendees),
          ...(video_call && {
            conferenceData: {
              createRequest: { requestId: crypto.randomUUID(), conferenceSolutionKey: { type: "hangoutsMeet" } },
            },
          }),
        },
      }),
  }),
  action({
    name: "quick-add-event",
    title: "Create an event from a sentence",
    description: "Lets Google read one sentence, such as: Lunch with Ann tomorrow at noon. create-event is exact.",
    effect: "write",
    input: z.strictObject({ calendar, text: z.string().min(1).max(1024), notify }),
    run: ({ calendar, text, notify }, api) =>
      api.json({ method: "POST", path: events(calendar, "/quickAdd"), query: { text, sendUpdates: notify } }),
  }),
  action({
    name: "update-event",
    title: "Change an event",
    description: "Changes what is given of an event and leaves the rest; attendees replaces the list of guests.",
    effect: "write",
    input: anEvent.extend({
      title: z.string().min(1).max(1024).optional(),
      start: when.optional(),
      end: when.optional(),
      ...details,
      notify,
    }),
    run: ({ calendar, event_id, title, start, end, time_zone, attendees, notify, ...rest }, api) =>
      api.json({
        method: "PATCH",
        path: event({ calendar, event_id }),
        query: { sendUpdates: notify },
        body: { summary: title, ...rest, ...changedTimes({ start, end, time_zone }), attendees: guests(attendees) },
      }),
  }),
  action({
    name: "respond-to-event",
    title: "Answer an invitation",
    description: "Says for the connected account whether it comes to an event it is invited to.",
    effect: "write",
    input: anEvent.extend({
      response: z.enum(["accepted", "declined", "tentative"]),
      comment: z.string().max(1024).optional(),
      notify,
    }),
    async run({ response, comment, notify, ...input }, api) {
      const found = answered(anInvitation, await api.json({ path: event(input) }));
      if (!found.attendees.some((guest) => guest.self)) {
        throw new AppError("INVALID_INPUT", "The connected account is not among the guests of this event.");
      }
      const answer = { responseStatus: response, ...(comment !== undefined && { comment }) };
      return api.json({
        method: "PATCH",
        path: event(input),
        query: { sendUpdates: notify },
        body: { attendees: found.attendees.map((guest) => (guest.self ? { ...guest, ...answer } : guest)) },
        // The list of guests is written whole: not over what somebody changed meanwhile.
        headers: { "if-match": found.etag },
      });
    },
  }),
  action({
    name: "move-event",
    title: "Move an event",
    description: "Takes an event from one calendar to another.",
    effect: "write",
    input: anEvent.extend({ to_calendar: calendarId, notify }),
    run: ({ to_calendar, notify, ...input }, api) =>
      api.json({
        method: "POST",
        path: event(input, "/move"),
        query: { destination: to_calendar, sendUpdates: notify },
      }),
  }),
  action({
    name: "delete-event",
    title: "Delete an event",
    description: "Removes an event, all its repetitions included unless the id is that of a single one.",
    effect: "destroy",
    input: anEvent.extend({ notify }),
    async run({ notify, ...input }, api) {
      await api.json({ method: "DELETE", path: event(input), query: { sendUpdates: notify } });
      return { event_id: input.event_id, deleted: true };
    },
  }),
];

const anInvitation = z.object({
  etag: z.string(),
  attendees: z.array(z.looseObject({ self: z.boolean().optional() })).default([]),
});
