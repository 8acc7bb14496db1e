import { z } from "zod";
import { action } from "../../app.js";
import { cursorPaging, moment } from "../inputs.js";
import { calendarId } from "./call.js";
import { timeZone } from "./times.js";

export const calendarActions = [
  action({
    name: "list-calendars",
    title: "List calendars",
    description: "The calendars that the account sees, with their ids, time zones and what it may do there.",
    effect: "read",
    input: z.strictObject({
      min_access_role: z.enum(["freeBusyReader", "reader", "writer", "owner"]).optional(),
      ...cursorPaging(250, 100),
    }),
    run: ({ min_access_role, limit, cursor }, api) =>
      api.json({
        path: "/calendar/v3/users/me/calendarList",
        query: { minAccessRole: min_access_role, maxResults: limit, pageToken: cursor },
      }),
  }),
  action({
    name: "find-busy-times",
    title: "Find busy times",
    description: "When people or calendars are busy in a span of time; what lies between is free.",
    effect: "read",
    input: z.strictObject({
      from: moment,
      to: moment,
      calendars: z.array(calendarId).min(1).max(50).default(["primary"]).describe("ids, or e-mail addresses of people"),
      time_zone: timeZone.optional().describe("of the answer; UTC where left out"),
    }),
    run: ({ from, to, calendars, time_zone }, api) =>
      api.json({
        method: "POST",
        path: "/calendar/v3/freeBusy",
        body: { timeMin: from, timeMax: to, timeZone: time_zone, items: calendars.map((id) => ({ id })) },
      }),
  }),
];
