import { z } from "zod";
import { clerkTool } from "./define.js";

export const webhooks = [
  clerkTool({
    tool: "create_svix_app",
    title: "Create Svix app",
    description:
      "Sets up webhooks for the instance: creates its Svix app and answers with a link that signs into its dashboard.",
    toolset: "webhooks",
    effect: "write",
    secrets: true,
    input: z.strictObject({}),
    call: (clerk) => clerk.webhooks.createSvixApp(),
  }),
  clerkTool({
    tool: "generate_svix_auth_url",
    title: "Generate Svix auth URL",
    description: "Makes a new link that signs its holder into the Svix dashboard, where webhook endpoints are managed.",
    toolset: "webhooks",
    effect: "write",
    secrets: true,
    input: z.strictObject({}),
    call: (clerk) => clerk.webhooks.generateSvixAuthURL(),
  }),
  clerkTool({
    tool: "delete_svix_app",
    title: "Delete Svix app",
    description:
      "Deletes the instance's Svix app with all its webhook endpoints, so that no webhook is sent. Cannot be undone.",
    toolset: "webhooks",
    effect: "destroy",
    input: z.strictObject({}),
    call: (clerk) => clerk.webhooks.deleteSvixApp(),
  }),
];
