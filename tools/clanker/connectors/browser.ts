import { z } from "zod";
import { PageAnswer, RedirectAnswer } from "../../../src/core/answer.js";
import { define } from "../../define.js";
import { app } from "./inputs.js";

/** What keeps a link in the browser that opened it. */
const COOKIE = "clanker_connect";

const ONWARD = { path: "/settings?part=connectors", label: "Go to the connectors in the settings" };

const fromProvider = (description: string) => z.string().max(4096).optional().describe(description);
const browser = z.string().max(4096).optional().describe("what the browser was given when it opened the link");

/** The browser's side of connecting an app. */
export const browserSide = [
  define({
    name: "start-connector",
    route: {
      method: "GET",
      path: "/api/v1/connectors/:app/start",
      cookies: { browser: COOKIE },
      produces: "text/html",
      onward: ONWARD,
      redirects: true,
    },
    toolset: "connectors",
    title: "Connect an app in the browser",
    description: "Send a browser that opened a link of connect-connector on to the provider.",
    effect: "read",
    scope: "public",
    input: z.strictObject({ app, state: z.string().max(4096).describe("of the link"), browser }),
    errors: ["NOT_FOUND", "CONNECTOR_NOT_CONFIGURED", "CONFLICT", "SEAL_BROKEN"],
    async run(input, { services }) {
      const started = await services.connectors.start(input.app, input.state, input.browser);
      const { location, browser: value, path, secure, seconds: maxAge } = started;
      return new RedirectAnswer(location, [{ name: COOKIE, value, path, secure, maxAge }]);
    },
  }),
  define({
    name: "complete-connector",
    route: {
      method: "GET",
      path: "/api/v1/connectors/:app/callback",
      cookies: { browser: COOKIE },
      produces: "text/html",
      onward: ONWARD,
    },
    toolset: "connectors",
    title: "Finish connecting an app",
    description: "Take the provider's answer, in the browser that opened the link, and say what came of it.",
    effect: "write",
    scope: "public",
    audit: { action: "connector.connect", resource: "connector" },
    // Providers add parameters of their own, which a client has to ignore.
    input: z.object({
      app,
      state: fromProvider("as the provider was told it"),
      code: fromProvider("what the tokens are asked with"),
      error: fromProvider("why there is no code"),
      error_description: fromProvider("the same in words"),
      browser,
    }),
    errors: [
      "NOT_FOUND",
      "CONNECTOR_NOT_CONFIGURED",
      "DECLINED",
      "CONFLICT",
      "RATE_LIMITED",
      "UPSTREAM_FAILED",
      "TIMEOUT",
      "SEAL_BROKEN",
    ],
    async run({ app: slug, ...reply }, { services, signal }) {
      const { title, account } = await services.connectors.finish(slug, reply, signal);
      const whose = account === undefined ? "" : ` as ${account}`;
      return new PageAnswer(
        `${title} is connected`,
        `${title} is connected${whose}. Agents of your workspace can use it now.`,
      );
    },
  }),
];
