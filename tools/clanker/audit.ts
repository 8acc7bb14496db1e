import { z } from "zod";
import { pageInput, pageOf } from "../../src/core/page.js";
import { auditEntryView } from "../../src/core/shapes/audit.js";
import { define } from "../define.js";
import { auditLines } from "./audit-lines.js";

const date = z.string().min(4).max(40);

export const audit = [
  define({
    tool: "list-audit-logs",
    route: { method: "GET", path: "/api/v1/audit-logs" },
    toolset: "audit",
    title: "List the audit log",
    description:
      "Every change that was made or refused in this workspace, newest first: who, from where, what, and how it ended.",
    effect: "read",
    scope: "owner",
    input: z.strictObject({
      action: z.string().min(1).max(128).optional().describe("such as artifact.delete"),
      resource_type: z.string().min(1).max(64).optional().describe("such as artifact"),
      start_date: date.optional().describe("ISO 8601, inclusive; a date alone means from its first moment on, in UTC"),
      end_date: date.optional().describe("ISO 8601, inclusive; a date alone means to its last moment, in UTC"),
      ...pageInput,
    }),
    output: pageOf(auditEntryView),
    errors: ["INVALID_CURSOR"],
    run: (input, { services, caller }) => services.audit.page(caller.workspace, input),
  }),
  define({
    name: "export-audit-logs",
    route: { method: "GET", path: "/api/v1/audit-logs/export", produces: "application/x-ndjson" },
    toolset: "audit",
    title: "Export the audit log",
    description: "Every entry as a line of JSON, oldest first, with its place in the chain.",
    effect: "read",
    scope: "owner",
    input: z.strictObject({}),
    errors: [],
    run: (_input, context) => Promise.resolve(auditLines(context)),
  }),
];
