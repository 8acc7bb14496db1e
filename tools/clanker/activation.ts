import { z } from "zod";
import { deviceView } from "../../src/core/shapes/device.js";
import { define } from "../define.js";

const code = z.string().min(1).max(32).describe("the code that the device shows, XXXX-XXXX");

export const activation = [
  define({
    tool: "activate-device",
    route: { method: "POST", path: "/api/v1/activate" },
    toolset: "activation",
    title: "Begin a device activation",
    description:
      "Ask for an API key without having one: show the user the code and the address, then poll-device-activation.",
    effect: "write",
    scope: "public",
    audit: { action: "device.activate", resource: "device" },
    confidential: true,
    input: z.strictObject({ client_label: z.string().trim().min(1).max(100).describe("what the person sees it as") }),
    output: z.object({
      device_code: z.string(),
      user_code: z.string(),
      verification_url: z.string(),
      verification_url_complete: z.string(),
      expires_in: z.int(),
      interval: z.int(),
    }),
    errors: ["RATE_LIMITED"],
    async run(input, { services, caller: { ip, userAgent } }) {
      const { device_code, user_code, expires_in, interval } = await services.activation.begin({
        label: input.client_label,
        ip,
        userAgent,
      });
      return {
        device_code,
        user_code,
        verification_url: services.pageUrl("/activate"),
        verification_url_complete: services.pageUrl(`/activate?code=${user_code}`),
        expires_in,
        interval,
      };
    },
  }),
  define({
    tool: "poll-device-activation",
    route: { method: "POST", path: "/api/v1/activate/poll" },
    toolset: "activation",
    title: "Poll a device activation",
    description:
      "Ask whether the person has approved: pending, slow_down (wait 5 s longer from now on), completed with api_key this once, denied, expired.",
    effect: "write",
    scope: "public",
    audit: { action: "device.poll", resource: "device" },
    confidential: true,
    input: z.strictObject({ device_code: z.string().min(1).max(128).describe("the one that activate-device gave") }),
    output: z.object({
      status: z.enum(["pending", "slow_down", "completed", "denied", "expired"]),
      interval: z.int().optional(),
      api_key: z.string().optional(),
    }),
    errors: ["CONFLICT", "RATE_LIMITED"],
    async run(input, { services, concerns }) {
      const { made, ...told } = await services.activation.poll(input.device_code);
      if (made) {
        const { workspace, person, id } = made;
        concerns(workspace, { person, action: "key.create", resource: "key", resourceId: id });
      }
      return told;
    },
  }),
  define({
    name: "look-up-device",
    route: { method: "GET", path: "/api/v1/activate/lookup" },
    toolset: "activation",
    title: "Look up a device",
    description: "The device that shows this code, for the person who decides on it.",
    effect: "read",
    scope: "session",
    input: z.strictObject({ code }),
    output: deviceView,
    errors: ["NOT_FOUND", "RATE_LIMITED", "PERSON_REQUIRED"],
    run: (input, { services, caller }) => services.activation.lookup(caller.person, input.code),
  }),
  define({
    name: "confirm-device",
    route: { method: "POST", path: "/api/v1/activate/confirm" },
    toolset: "activation",
    title: "Approve a device",
    description: "Let the device have an API key of this workspace, with these scopes.",
    effect: "write",
    scope: "session",
    audit: { action: "device.approve", resource: "device" },
    input: z.strictObject({
      code,
      workspace: z.string().min(1).max(64).optional().describe("id or slug; leave out for the current one"),
      scopes: z.array(z.string().max(64)).min(1).max(50).optional().describe("leave out for those that only read"),
    }),
    output: deviceView,
    errors: ["NOT_FOUND", "RATE_LIMITED", "PERSON_REQUIRED", "CONFLICT"],
    async run({ code: typed, workspace: wanted, scopes }, { services, caller }) {
      const { person } = caller;
      const workspace = wanted === undefined ? caller.workspace : await services.workspaces.find(person, wanted);
      const held = await services.signIns.scopesIn(workspace, person);
      return services.activation.approve(person, typed, { workspace, held, ...(scopes && { scopes }) });
    },
  }),
  define({
    name: "deny-device",
    route: { method: "POST", path: "/api/v1/activate/deny" },
    toolset: "activation",
    title: "Deny a device",
    description: "Refuse the device that shows this code.",
    effect: "write",
    scope: "session",
    audit: { action: "device.deny", resource: "device" },
    input: z.strictObject({ code }),
    output: deviceView,
    errors: ["NOT_FOUND", "RATE_LIMITED", "PERSON_REQUIRED", "CONFLICT"],
    run: (input, { services, caller }) => services.activation.deny(caller.person, input.code),
  }),
];
