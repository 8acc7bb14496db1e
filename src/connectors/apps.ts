import type { App } from "./app.js";
import { calendar } from "./apps/calendar.js";
import { drive } from "./apps/drive.js";
import { github } from "./apps/github.js";
import { gmail } from "./apps/gmail.js";
import { notion } from "./apps/notion.js";

/** Every app there is, in the order in which they are listed. */
export const APPS: readonly App[] = [gmail, calendar, drive, notion, github];
