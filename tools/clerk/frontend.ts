import { z } from "zod";
import type { Context } from "../../src/core/operation.js";
import type { Effect } from "../../src/core/standing.js";
import type { Services } from "../../src/services/services.js";
import { define } from "../define.js";
import { CLERK_ERRORS } from "./define.js";

interface FrontendDefinition<Input extends z.ZodType> {
  readonly tool: string;
  /** The operation's name in Clerk's own specification. */
  readonly alias: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  readonly input: Input;
  call(frontend: Services["clerkFrontend"], call: Visitor, input: z.output<Input>): Promise<unknown>;
}

type Visitor = Parameters<Services["clerkFrontend"]["client"]>[0];

const visitor = ({ caller, signal }: Context<Services>): Visitor => ({ account: caller.clerkAccount, caller, signal });

/** Defines the tool of one operation of Clerk's Frontend API. */
function frontendTool<Input extends z.ZodType>(definition: FrontendDefinition<Input>) {
  const { tool, alias, title, description, effect, input, call } = definition;
  return define({
    tool,
    aliases: [alias],
    route: { method: "POST", path: `/api/v1/clerk/${tool}` },
    toolset: "clerk-frontend",
    title,
    description,
    effect,
    // Handshakes and agent tasks are GETs that make a session for this caller's client, which nothing but a write may.
    scope: effect === "read" ? "clerk:read" : "clerk:write",
    ...(effect !== "read" && { audit: { action: `clerk.${tool}`, resource: "clerk" } }),
    input,
    errors: CLERK_ERRORS,
    run: (values, context) => call(context.services.clerkFrontend, visitor(context), values),
  });
}

const nothing = z.strictObject({});

const address = (protocol: RegExp) =>
  z
    .url({ protocol })
    .max(2048)
    .refine((url) => !/[\p{Cc}\s]/u.test(url) && !/^[^/]*\/\/[^/?#]*@/.test(url), "takes no spaces and no password");

/** Clerk's Frontend API as a client of the caller's own. */
export const frontend = [
  frontendTool({
    tool: "frontend_get_client",
    alias: "getClient",
    title: "Get my Frontend API client",
    description:
      "Shows the Frontend API client that this server keeps for you: its sessions, sign-in and sign-up under way. Tokens are blanked.",
    effect: "read",
    input: nothing,
    call: (api, call) => api.client(call, "GET"),
  }),
  frontendTool({
    tool: "frontend_put_client",
    alias: "putClient",
    title: "Create my Frontend API client (PUT)",
    description: "Makes a Frontend API client and keeps it for you. frontend_post_client does the same.",
    effect: "write",
    input: nothing,
    call: (api, call) => api.client(call, "PUT"),
  }),
  frontendTool({
    tool: "frontend_post_client",
    alias: "postClient",
    title: "Create my Frontend API client",
    description: "Makes a Frontend API client and keeps it for you: the other frontend tools then work with it.",
    effect: "write",
    input: nothing,
    call: (api, call) => api.client(call, "POST"),
  }),
  frontendTool({
    tool: "frontend_delete_client_sessions",
    alias: "deleteClientSessions",
    title: "End my client's sessions",
    description: "Ends every session of the Frontend API client that is kept for you; other clients stay signed in.",
    effect: "destroy",
    input: nothing,
    call: (api, call) => api.client(call, "DELETE"),
  }),
  frontendTool({
    tool: "frontend_handshake_client",
    alias: "handshakeClient",
    title: "Handshake with the Frontend API",
    description:
      "Renews the session of your Frontend API client. Answers status, location, cookie names, session_id and expires_at; never the tokens.",
    effect: "write",
    input: z.strictObject({
      redirect_url: address(/^https?$/)
        .optional()
        .describe("Where a browser would be sent"),
      format: z.enum(["nonce", "token"]).optional().describe("Of the handshake payload"),
      organization_id: z
        .string()
        .max(255)
        .regex(/^[A-Za-z0-9_-]*$/, "takes letters, digits, _ and - only")
        .optional()
        .describe("Id or slug to make active; empty: the personal account"),
      satellite_fapi: z
        .string()
        .max(255)
        .regex(/^[A-Za-z0-9:/._-]+$/, "takes a host name or its address")
        .optional()
        .describe("Frontend API host of a satellite domain"),
      proxy_url: address(/^https$/)
        .optional()
        .describe("The application's Clerk proxy"),
    }),
    call: (api, call, { proxy_url: proxyUrl, ...query }) =>
      api.handshake(call, { proxyUrl: proxyUrl === undefined ? undefined : new URL(proxyUrl).href, query }),
  }),
  frontendTool({
    tool: "frontend_create_agent_task",
    alias: "createAgentTask",
    title: "Take up an agent task",
    description:
      "Signs your Frontend API client in with the ticket that stands in the url of create_agent_task; a ticket works once.",
    effect: "write",
    input: z.strictObject({
      ticket: z
        .string()
        .regex(/^[\w.~-]{1,4096}$/, "takes a ticket as it stands in the url")
        .describe("The ticket parameter of that url"),
    }),
    call: (api, call, { ticket }) => api.agentTask(call, ticket),
  }),
];
