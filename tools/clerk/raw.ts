import { z } from "zod";
import { define } from "../define.js";
import { CLERK_ERRORS, metadata } from "./define.js";
import { type RawMethod, rawPath, rawQuery, scopesAmong, standingOf } from "./raw-path.js";

const target = {
  path: rawPath().describe("Below /v1, such as users/user_1; a leading /v1 may stand there"),
  query: rawQuery().optional().describe("Parameters by name; a list repeats its name"),
};

const withoutBody = z.strictObject(target);
const withBody = z.strictObject({ ...target, body: metadata().optional().describe("Sent as JSON") });

/** One raw request: held to whatever the function that makes the same request is held to. */
function rawTool(method: RawMethod, title: string, description: string) {
  const word = method.toLowerCase();
  const tool = `clerk_api_${word}`;
  const input: z.ZodType<z.output<typeof withBody>> = method === "GET" ? withoutBody : withBody;
  return define({
    tool,
    route: { method: "POST", path: `/api/v1/clerk/${tool}` },
    toolset: "clerk-raw",
    title,
    description,
    effect: method === "GET" ? "read" : "destroy",
    scope: { of: ({ path }) => standingOf(method, path).scopes, among: scopesAmong(method) },
    standsFor: ({ path }) => standingOf(method, path),
    ...(method !== "GET" && { audit: { action: `clerk.api_${word}`, resource: "clerk" } }),
    input,
    errors: CLERK_ERRORS,
    run: ({ path, query = new URLSearchParams(), body }, { services, caller, signal }) =>
      services.clerk.raw(
        { account: caller.clerkAccount, read: standingOf(method, path).effect === "read", signal },
        { method, path, query, ...(body && { body }) },
      ),
  });
}

/** Requests to Clerk's Backend API for which there may be no tool. */
export const raw = [
  rawTool(
    "GET",
    "Raw Clerk GET",
    "Reads any path of Clerk's Backend API, for what no other tool reads. Needs the rights of the tool for that path, where there is one.",
  ),
  rawTool(
    "POST",
    "Raw Clerk POST",
    "Sends POST to any path of Clerk's Backend API, for what no other tool does. Needs the rights of the tool for that path, where there is one.",
  ),
  rawTool(
    "PATCH",
    "Raw Clerk PATCH",
    "Sends PATCH to any path of Clerk's Backend API, for what no other tool changes. Needs the rights of the tool for that path, where there is one.",
  ),
  rawTool(
    "PUT",
    "Raw Clerk PUT",
    "Sends PUT to any path of Clerk's Backend API, for what no other tool replaces. Needs the rights of the tool for that path, where there is one.",
  ),
  rawTool(
    "DELETE",
    "Raw Clerk DELETE",
    "Sends DELETE to any path of Clerk's Backend API, for what no other tool deletes. Needs the rights of the tool for that path, where there is one.",
  ),
];
