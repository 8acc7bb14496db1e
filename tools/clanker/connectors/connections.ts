import { z } from "zod";
import { AppError } from "../../../src/core/errors.js";
import { pageInput, pageOf } from "../../../src/core/page.js";
import { connectorView } from "../../../src/core/shapes/connector.js";
import { define } from "../../define.js";
import { app, pageOfKnown } from "./inputs.js";

/** How long a call goes on once the user has said that they opened the page, in milliseconds. */
const WAIT_MS = 20_000;

/** How apps are connected and disconnected. */
export const connections = [
  define({
    tool: "list-connectors",
    route: { method: "GET", path: "/api/v1/connectors" },
    toolset: "connectors",
    title: "List connectors",
    description: "The apps that this workspace can work with, and which are connected.",
    effect: "read",
    scope: "none",
    input: z.strictObject(pageInput),
    output: pageOf(connectorView),
    errors: ["INVALID_CURSOR"],
    run: async (input, { services, caller }) =>
      pageOfKnown(await services.connectors.list(caller.workspace), (connector) => connector.app, input),
  }),
  define({
    tool: "connect-connector",
    route: { method: "POST", path: "/api/v1/connectors/:app/connect" },
    toolset: "connectors",
    title: "Connect an app",
    description:
      "Get a link for the user to open in a browser, where they let this workspace use their account of an app. The link works once, for ten minutes; get-connector-status tells when they are done.",
    effect: "write",
    scope: "owner",
    audit: { action: "connector.begin", resource: "connector" },
    input: z.strictObject({ app }),
    output: z.object({
      url: z.string(),
      state: z.string(),
      expires_in: z.int().describe("seconds"),
      connection: connectorView.optional().describe("how it stands once the user was asked and has opened the link"),
    }),
    errors: ["NOT_FOUND", "CONNECTOR_NOT_CONFIGURED", "DECLINED", "CONFLICT", "SEAL_BROKEN"],
    async run({ app: slug }, { services, caller, need, signal }) {
      const link = await services.connectors.begin(caller, slug);
      const { action } = await need({
        key: "connect",
        message: `Open this page to connect ${slug} to your workspace; you will be asked at the provider what to allow.`,
        url: link.url,
        id: link.state,
      });
      if (action === "unasked") return link;
      if (action !== "accept") {
        const said = action === "decline" ? "declined" : "did not answer";
        throw new AppError("DECLINED", `The user ${said}, so ${slug} was not connected; do not ask again unprompted.`);
      }
      return { ...link, connection: await services.connectors.settled(caller.workspace, slug, WAIT_MS, signal) };
    },
  }),
  define({
    tool: "disconnect-connector",
    route: { method: "POST", path: "/api/v1/connectors/:app/disconnect" },
    toolset: "connectors",
    title: "Disconnect an app",
    description:
      "Revoke an app's access at its provider and forget its tokens. Google ends the access of all its apps of that account.",
    effect: "destroy",
    scope: "owner",
    audit: { action: "connector.disconnect", resource: "connector" },
    input: z.strictObject({ app }),
    output: z.object({
      app: z.string(),
      disconnected: z.literal(true),
      revoked: z.boolean().describe("whether the provider has confirmed it"),
      message: z.string(),
    }),
    errors: ["NOT_FOUND", "TOOL_NOT_CONNECTED"],
    run: (input, { services, caller }) => services.connectors.disconnect(caller.workspace, input.app),
  }),
  define({
    tool: "get-connector-status",
    route: { method: "GET", path: "/api/v1/connectors/:app" },
    toolset: "connectors",
    title: "Get a connector's status",
    description: "Whether an app is connected, as which account, with which scopes and until when.",
    effect: "read",
    scope: "none",
    input: z.strictObject({ app }),
    output: connectorView,
    errors: ["NOT_FOUND"],
    run: (input, { services, caller, signal }) => services.connectors.status(caller.workspace, input.app, signal),
  }),
];
