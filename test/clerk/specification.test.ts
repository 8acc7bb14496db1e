import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppError } from "../../src/core/errors.js";
import { clerkTools } from "../support/clerk-calls.js";
import { clerkFunctions, examplesOf } from "../support/clerk-functions.js";
import { type Listening, type Received, listen, receive } from "../support/listening.js";
import { startPrism } from "../support/prism.js";

const SPECIFICATION = fileURLToPath(new URL("data/bapi-2026-05-12.yml", import.meta.url));

interface Violation {
  readonly location: readonly string[];
  readonly severity: string;
  readonly message: string;
}

/** What the SDK sends although the specification does not know it, or the other way round. */
const EXCEPTIONS: readonly {
  readonly tools: readonly string[];
  readonly says: readonly string[];
  readonly why: string;
}[] = [
  {
    tools: ["create_enterprise_connection", "update_enterprise_connection"],
    says: unknown(
      "authenticatable",
      "disable_jit_provisioning",
      "sync_user_attributes",
      "provider",
      "idp_certificates",
    ),
    why: "parameters of the SDK's types that the specification of 2026-05-12 lacks",
  },
  {
    tools: ["create_saml_connection", "update_saml_connection"],
    says: unknown("idp_certificates", "provider"),
    why: "the same, in a resource that is deprecated as a whole",
  },
  {
    tools: ["create_user", "update_user"],
    says: unknown("timezone"),
    why: "newer in the SDK than in the specification",
  },
  {
    tools: ["update_instance", "update_instance_restrictions"],
    says: unknown("enhanced_email_deliverability", "ignore_dots_for_gmail_addresses"),
    why: "settings that the specification no longer has",
  },
  {
    tools: ["list_organization_invitations"],
    says: ["parameter status must be string", "parameter status must be equal to one of the allowed values"],
    why: "the SDK takes several and repeats the key, the specification has a single one",
  },
  {
    tools: ["create_saml_connection"],
    says: [
      "must have required property 'domain'",
      "must have required property 'domains'",
      "must match a schema in anyOf",
    ],
    why: "one of the two is needed, and neither is required by itself",
  },
  {
    tools: [
      "create_user",
      "replace_organization_metadata",
      "update_api_key",
      "update_domain",
      "update_enterprise_connection",
      "update_oauth_application",
      "update_organization",
      "update_organization_domain",
      "update_organization_metadata",
      "update_organization_permission",
      "update_organization_role",
      "update_role_set",
      "update_saml_connection",
      "update_user",
    ],
    says: ["Body parameter is required"],
    why: "where nothing is to be written the SDK sends no body at all",
  },
];

function unknown(...names: readonly string[]): string[] {
  return names.map((name) => `must NOT have additional properties; found '${name}'`);
}

let prism: Listening;
let door: Listening;
let violations: Violation[] = [];
let tools: ReturnType<typeof clerkTools>;

/** Prism behind the prefix that Clerk's paths have; what of a request does not fit is noted. */
function withPrefix({ url }: Listening): Promise<Listening> {
  return listen(
    receive(async ({ method, target, headers, bytes }: Received) => {
      const { "content-type": type = "application/json", authorization = "" } = headers;
      const answer = await fetch(url + target.replace(/^\/v1(?=\/)/, ""), {
        method,
        headers: { "content-type": type, authorization },
        ...(bytes.length > 0 && { body: bytes }),
      });
      const told = violationsIn(answer.headers.get("sl-violations") ?? "");
      violations.push(...told.filter(({ location, severity }) => location[0] === "request" && severity === "Error"));
      return {
        status: answer.status,
        headers: { "content-type": answer.headers.get("content-type") ?? "application/json" },
        body: await answer.text(),
      };
    }),
  );
}

/** A long list is cut off; those of the request come first. */
function violationsIn(header: string): Violation[] {
  const whole = header.matchAll(
    /\{"location":\[[^\]]*\],"severity":"\w+","code":"[^"]*","message":"(?:[^"\\]|\\.)*"\}/g,
  );
  return [...whole].map(([text]) => JSON.parse(text) as Violation);
}

beforeAll(async () => {
  prism = await startPrism(SPECIFICATION);
  door = await withPrefix(prism);
  tools = clerkTools({ url: door.url, timeoutMs: 20_000 });
});

afterAll(async () => {
  await door.stop();
  await prism.stop();
});

const specified = clerkFunctions.filter(({ bapiOperationId }) => bapiOperationId !== null);
const met = new Set<string>();

it("has a counterpart for all functions but six", () => {
  const without = clerkFunctions.filter((fn) => !specified.includes(fn)).map(({ tool }) => tool);
  expect(without.sort()).toEqual([
    "change_domain",
    "create_email",
    "create_email_batch",
    "delete_invitation",
    "get_email",
    "verify_session",
  ]);
});

it("tells of a request that does not fit", async () => {
  violations = [];
  await fetch(`${door.url}/v1/users?limit=9999`, { headers: { authorization: "Bearer sk_test_key" } });
  expect(violations).toMatchObject([{ message: "Request query parameter limit must be <= 500" }]);
});

describe.each(specified)("$tool", ({ tool, ...fn }) => {
  it.each(examplesOf({ tool, ...fn }))("fits Clerk's own specification: $label", async ({ args }) => {
    violations = [];
    const outcome = await tools.call(tool, args).then(
      () => "answered",
      (thrown: AppError) => thrown,
    );
    const found = violations.map(({ message }) => message);
    const excepted = EXCEPTIONS.filter(({ tools: some }) => some.includes(tool)).flatMap(({ says }) => says);
    expect(found.filter((message) => !excepted.some((says) => message.includes(says)))).toEqual([]);
    for (const says of excepted) if (found.some((message) => message.includes(says))) met.add(`${tool}: ${says}`);
    // Prism's example of a token names no audience, which is checked here once it has answered.
    if (args["audience"] !== undefined) expect(outcome).toMatchObject({ code: "INVALID_INPUT" });
    else if (found.length > 0) expect(outcome).toMatchObject({ code: "INVALID_INPUT" });
    else expect(outcome).toBe("answered");
  });
});

it("makes no exception that is not needed", () => {
  const unmet = EXCEPTIONS.flatMap(({ tools: some, says }) =>
    says.filter((text) => !some.some((tool) => met.has(`${tool}: ${text}`))),
  );
  expect(unmet).toEqual([]);
  const idle = EXCEPTIONS.flatMap(({ tools: some, says }) =>
    some.filter((tool) => !says.some((text) => met.has(`${tool}: ${text}`))),
  );
  expect(idle).toEqual([]);
});
