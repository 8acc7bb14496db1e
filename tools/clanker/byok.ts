import { z } from "zod";
import { byokStatus } from "../../src/core/shapes/secret.js";
import { define } from "../define.js";

export const byok = [
  define({
    tool: "get-byok-status",
    route: { method: "GET", path: "/api/v1/byok" },
    toolset: "secrets",
    title: "Get the workspace's model key status",
    description: "Whether skills run on this workspace's own Anthropic key, and that key's last four characters.",
    effect: "read",
    scope: "owner",
    input: z.strictObject({}),
    output: byokStatus,
    errors: [],
    run: (_input, { services, caller }) => services.byok.status(caller.workspace),
  }),
  define({
    tool: "set-byok-key",
    route: { method: "PUT", path: "/api/v1/byok" },
    toolset: "secrets",
    title: "Set the workspace's model key",
    description: "Run skills on your own Anthropic key, at no credits; it is checked with Anthropic and never shown.",
    effect: "write",
    scope: "owner",
    audit: { action: "byok.set", resource: "byok" },
    input: z.strictObject({
      anthropicKey: z
        .string()
        .regex(/^[\x21-\x7e]{16,256}$/, "takes a key of 16 to 256 printable characters")
        .describe("a key of the Anthropic API"),
    }),
    output: byokStatus,
    errors: ["UPSTREAM_FAILED", "TIMEOUT", "CONFLICT", "SEAL_BROKEN"],
    run: (input, { services, caller, signal }) => services.byok.set(caller.workspace, input.anthropicKey, signal),
  }),
  define({
    tool: "remove-byok-key",
    route: { method: "DELETE", path: "/api/v1/byok" },
    toolset: "secrets",
    title: "Remove the workspace's model key",
    description: "Forget this workspace's own Anthropic key; its skills run on the server's model again.",
    effect: "destroy",
    scope: "owner",
    audit: { action: "byok.remove", resource: "byok" },
    input: z.strictObject({}),
    output: byokStatus,
    errors: [],
    run: (_input, { services, caller }) => services.byok.remove(caller.workspace),
  }),
];
