import { z } from "zod";
import type { Trigger } from "../../app.js";

const event = {
  calendar_id: z.string(),
  event_id: z.string(),
  title: z.string(),
  start: z.string().describe("a day or an RFC 3339 time"),
  end: z.string().describe("a day or an RFC 3339 time"),
  organizer: z.string().optional(),
  html_url: z.string().optional(),
};

export const triggers: readonly Trigger[] = [
  {
    name: "event-created",
    title: "An event was created",
    description: "A new event stands in a calendar, put there by anyone.",
    payload: z.object(event),
  },
  {
    name: "event-changed",
    title: "An event changed",
    description: "Time, place, text or guests of an event are others now.",
    payload: z.object({ ...event, updated: z.string() }),
  },
  {
    name: "event-cancelled",
    title: "An event was cancelled",
    description: "An event was deleted or called off.",
    payload: z.object(event),
  },
  {
    name: "event-starting",
    title: "An event is about to begin",
    description: "An event begins in a few minutes.",
    payload: z.object({ ...event, minutes: z.int().describe("until it begins") }),
  },
];
