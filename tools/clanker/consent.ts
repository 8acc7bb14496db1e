import { z } from "zod";
import { isPerson } from "../../src/core/caller.js";
import { AppError } from "../../src/core/errors.js";
import type { Context } from "../../src/core/operation.js";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import {
  consentStatus as status,
  type ConsentView,
  consentView as consent,
  grantMode as mode,
} from "../../src/core/shapes/consent.js";
import type { Wish } from "../../src/services/consents/asking.js";
import type { Services } from "../../src/services/services.js";
import { define } from "../define.js";

const scopes = z.array(z.string().min(1).max(64)).min(1).max(50);
const reason = z.string().trim().min(1).max(500).describe("why, in words for the person who decides");

const asked = z.object({
  status: z.enum(["active", "pending"]),
  scopes: z.array(z.string()),
  consent_id: z.string().optional(),
  link_code: z.string().optional(),
  approval_url: z.string().optional(),
  poll_url: z.string().optional(),
  poll_interval_seconds: z.int().optional(),
  expires_in: z.int().optional(),
});

const decisionErrors = ["NOT_FOUND", "PERSON_REQUIRED", "CONFLICT"] as const;

export const consents = [
  define({
    tool: "connect-agent",
    route: { method: "POST", path: "/api/v1/agents/connect" },
    toolset: "consent",
    title: "Ask for scopes",
    description:
      "Say which scopes you need and why. active: you have them. pending: give the user approval_url, then poll-agent-connection.",
    effect: "write",
    scope: "none",
    audit: { action: "consent.request", resource: "consent" },
    input: z.strictObject({
      requestedScopes: scopes.describe("scopes such as memory:read"),
      agentDisplayName: z.string().trim().min(1).max(100).describe("what the person sees you as"),
      reason,
    }),
    output: asked,
    errors: ["CONFLICT"],
    run: ({ requestedScopes, agentDisplayName: agent, reason }, context) =>
      ask(context, { scopes: requestedScopes, agent, reason, mode: "persistent" }),
  }),
  define({
    tool: "poll-agent-connection",
    route: { method: "GET", path: "/api/v1/agents/connect/poll/:id" },
    toolset: "consent",
    title: "Poll a request for scopes",
    description:
      "What the person said: pending, denied, expired, or granted. The grant_token comes once; send it as x-permission-grant. In an MCP session the grant holds without it.",
    effect: "read",
    scope: "none",
    confidential: true,
    input: z.strictObject({ id: idInput("consent") }),
    output: z.object({
      status,
      scopes: z.array(z.string()).optional(),
      grant_token: z.string().optional(),
      token_header: z.string().optional(),
    }),
    errors: ["NOT_FOUND", "CONFLICT"],
    async run(input, { services, caller }) {
      requireAgent(caller);
      return services.consents.poll(caller, input.id);
    },
  }),
  define({
    tool: "request-permission",
    route: { method: "POST", path: "/api/v1/agents/request-permission" },
    toolset: "consent",
    title: "Ask for one more scope",
    description:
      "After PERMISSION_REQUIRED: ask the person for the scope that was lacking. Give the user approval_url, then poll-agent-connection.",
    effect: "write",
    scope: "none",
    audit: { action: "consent.request", resource: "consent" },
    input: z.strictObject({
      scope: z.string().min(1).max(64).describe("the scope that the refused call named"),
      reason,
      mode: mode
        .optional()
        .describe("persistent: for good; session: an hour; one_time: one call. Leave out for what suits the scope"),
    }),
    output: asked,
    errors: ["CONFLICT"],
    run: ({ scope, reason, mode }, context) =>
      ask(context, {
        scopes: [scope],
        agent: context.caller.userAgent?.slice(0, 100) ?? "An agent",
        reason,
        mode,
        adds: true,
      }),
  }),
  define({
    name: "list-consents",
    route: { method: "GET", path: "/api/v1/agents/consents" },
    toolset: "consent",
    title: "List requests for scopes",
    description: "What agents of this workspace asked for and what was said to it, newest first.",
    effect: "read",
    scope: "session",
    input: z.strictObject({
      ...pageInput,
      link_code: z.string().min(1).max(32).optional().describe("only the one with this code"),
      status: status.optional().describe("only those that stand like this"),
    }),
    output: pageOf(consent),
    errors: ["INVALID_CURSOR", "PERSON_REQUIRED"],
    run: (input, { services, caller }) => services.consents.page(caller, input),
  }),
  define({
    name: "approve-consent",
    route: { method: "POST", path: "/api/v1/agents/consents/:id/approve" },
    toolset: "consent",
    title: "Approve a request for scopes",
    description: "Grant an agent what it asked for, or a part of it.",
    effect: "write",
    scope: "session",
    audit: { action: "consent.approve", resource: "consent" },
    input: z.strictObject({
      id: idInput("consent"),
      scopes: scopes.optional().describe("those of the scopes asked for that are granted; leave out for all"),
      mode: mode.optional().describe("leave out for the one asked for"),
      confirmed: z.boolean().optional().describe("true once the person was asked a second time"),
    }),
    output: consent,
    errors: [...decisionErrors, "CONFIRMATION_REQUIRED"],
    run: ({ id, ...approval }, { services, caller }) => services.consents.approve(caller, id, approval),
  }),
  define({
    name: "deny-consent",
    route: { method: "POST", path: "/api/v1/agents/consents/:id/deny" },
    toolset: "consent",
    title: "Deny a request for scopes",
    description: "Grant nothing of what an agent asked for.",
    effect: "write",
    scope: "session",
    audit: { action: "consent.deny", resource: "consent" },
    input: z.strictObject({ id: idInput("consent") }),
    output: consent,
    errors: [...decisionErrors],
    run: (input, { services, caller }) => services.consents.deny(caller, input.id),
  }),
];

function requireAgent(caller: Context<Services>["caller"]): void {
  if (!isPerson(caller)) return;
  throw new AppError("ACCESS_DENIED", "Agents ask for scopes, with an API key; a person has what their role gives.");
}

/** Asks the person; a client that can show a page is asked to open the one where the person decides. */
async function ask({ services, caller, need }: Context<Services>, wish: Wish) {
  requireAgent(caller);
  const view = await services.consents.ask(caller, wish);
  if (!view) return { status: "active", scopes: [...wish.scopes] };
  const approval_url = services.pageUrl(`/approvals?code=${view.link_code}`);
  const names = view.scopes.join(", ");
  await need({
    key: "consent",
    message: `Decide whether this agent may have: ${names}.`,
    url: approval_url,
    id: view.id,
  });
  return pending(view, approval_url);
}

function pending(view: ConsentView, approval_url: string) {
  return {
    status: "pending",
    scopes: [...view.scopes],
    consent_id: view.id,
    link_code: view.link_code,
    approval_url,
    poll_url: `/api/v1/agents/connect/poll/${view.id}`,
    poll_interval_seconds: 3,
    expires_in: 300,
  };
}
