import { z } from "zod";
import { CookieAnswer, type Cookie } from "../../src/core/answer.js";
import { SESSION_COOKIE } from "../../src/core/authenticate.js";
import { isPerson } from "../../src/core/caller.js";
import { formatId } from "../../src/core/ids.js";
import { INVITATION_PREFIX, sessionView } from "../../src/core/shapes/workspace.js";
import type { Services } from "../../src/services/services.js";
import type { SignedIn } from "../../src/services/people/sign-ins.js";
import { define } from "../define.js";

const TWO_WEEKS = 14 * 86_400;

const SESSION_BEGINS = { action: "session.create", resource: "session" };

/** People's way into the pages. */
export const signIn = [
  define({
    name: "sign-in",
    route: { method: "POST", path: "/api/v1/sign-in" },
    toolset: "account",
    title: "Sign in",
    description: "Take a one-time link of clanker-mcp owner-link or of an invitation, and begin a session.",
    effect: "write",
    scope: "public",
    audit: SESSION_BEGINS,
    admits: true,
    // Whoever takes an invitation becomes a member of the workspace.
    standsFor: ({ token }) =>
      token.startsWith(`${INVITATION_PREFIX}_`)
        ? { effect: "write", toolset: "workspaces", audit: SESSION_BEGINS }
        : { effect: "write", toolset: "account", audit: SESSION_BEGINS, admits: true },
    input: z.strictObject({
      token: z.string().min(1).max(128).describe("what the link has behind #token="),
      name: z.string().trim().min(1).max(100).optional().describe("what others call you, for an invitation"),
    }),
    output: sessionView,
    errors: ["NOT_FOUND", "CONFLICT"],
    async run({ token, name }, { services, caller, concerns }) {
      const signedIn = isPerson(caller) ? caller.person : undefined;
      const entered = await services.signIns.signIn(token, name, signedIn);
      const { workspace, person } = entered;
      const joining = { action: "member.join", resource: "member", resourceId: formatId("person", person) };
      concerns(workspace, { person, ...(entered.joined && joining) });
      return begun(services, entered);
    },
  }),
  define({
    name: "get-session",
    route: { method: "GET", path: "/api/v1/session", cookies: { cookie: SESSION_COOKIE } },
    toolset: "account",
    title: "Get the session",
    description: "Who is signed in and where, and what a page sends along with changes. The cookie is renewed.",
    effect: "read",
    admits: true,
    scope: "session",
    input: z.strictObject({ cookie: z.string().max(256).optional().describe("the session's token, from the cookie") }),
    output: sessionView,
    errors: ["NOT_FOUND", "PERSON_REQUIRED"],
    async run({ cookie }, { services, caller }) {
      if (cookie !== undefined) return begun(services, await services.signIns.renew(caller, cookie));
      const { workspace, person } = caller;
      return bodyOf(services, { workspace, person, csrfToken: services.signIns.csrfToken(caller) });
    },
  }),
  define({
    name: "sign-out",
    route: { method: "POST", path: "/api/v1/sign-out" },
    toolset: "account",
    title: "Sign out",
    description: "End this session: its cookie and its streams.",
    effect: "write",
    admits: true,
    scope: "session",
    audit: { action: "session.end", resource: "session" },
    input: z.strictObject({}),
    output: z.object({ signed_out: z.boolean() }),
    errors: ["PERSON_REQUIRED"],
    async run(_input, { services, caller }) {
      if (caller.session !== undefined) await services.signIns.signOut(caller.session);
      return new CookieAnswer({ signed_out: true }, [cookieOf(services, "", 0)]);
    },
  }),
];

async function begun(services: Services, signedIn: SignedIn): Promise<CookieAnswer> {
  return new CookieAnswer(await bodyOf(services, signedIn), [cookieOf(services, signedIn.token, TWO_WEEKS)]);
}

async function bodyOf(services: Services, { person, workspace, csrfToken }: Omit<SignedIn, "token">) {
  const [profile, current] = await Promise.all([
    services.people.profile(person),
    services.workspaces.current(workspace, person),
  ]);
  const { id, name, email } = profile;
  return { person: { id, name, ...(email !== undefined && { email }) }, workspace: current, csrf_token: csrfToken };
}

function cookieOf({ pageUrl }: Services, value: string, maxAge: number): Cookie {
  return { name: SESSION_COOKIE, value, path: "/", maxAge, secure: pageUrl("/").startsWith("https:") };
}
