import type { ClerkClient } from "@clerk/backend";
import { z } from "zod";
import type { Effect } from "../../src/core/standing.js";
import { define } from "../define.js";

/** The toolsets of the Clerk tools, without the `clerk-` that is put in front. */
export type ClerkToolset =
  | "api-keys"
  | "billing"
  | "emails"
  | "enterprise-sso"
  | "identifiers"
  | "instance"
  | "invitations"
  | "jwt"
  | "machines"
  | "oauth"
  | "organizations"
  | "restrictions"
  | "roles-permissions"
  | "sessions"
  | "tokens"
  | "users"
  | "waitlist"
  | "webhooks";

interface ClerkDefinition<Input extends z.ZodType> {
  readonly tool: string;
  readonly title: string;
  readonly description: string;
  readonly toolset: ClerkToolset;
  readonly effect: Effect;
  /** Hands out a secret, or a token that acts for somebody. */
  readonly secrets?: true;
  /** Older names it answers to. */
  readonly aliases?: readonly string[];
  readonly input: Input;
  call(clerk: ClerkClient, input: z.output<Input>): Promise<unknown>;
}

/** Defines the tool of one function of `@clerk/backend`; Clerk's JSON is its answer, so it has no output schema. */
export function clerkTool<Input extends z.ZodType>(definition: ClerkDefinition<Input>) {
  const { tool, title, description, toolset, effect, secrets, aliases, input, call } = definition;
  return define({
    tool,
    ...(aliases && { aliases }),
    route: { method: "POST", path: `/api/v1/clerk/${tool}` },
    toolset: `clerk-${toolset}`,
    title,
    description,
    effect,
    scope: secrets ? "clerk:secrets" : effect === "read" ? "clerk:read" : "clerk:write",
    ...(effect !== "read" && { audit: { action: `clerk.${tool}`, resource: "clerk" } }),
    input,
    errors: CLERK_ERRORS,
    run: (values, { services, caller, signal }) =>
      services.clerk.call({ account: caller.clerkAccount, read: effect === "read", signal }, (clerk) =>
        call(clerk, values),
      ),
  });
}

/** What a call to Clerk may end with. */
export const CLERK_ERRORS = [
  "CLERK_NOT_CONFIGURED",
  "NOT_FOUND",
  "CONFLICT",
  "PAYLOAD_TOO_LARGE",
  "RATE_LIMITED",
  "UPSTREAM_FAILED",
  "TIMEOUT",
] as const;

type Loose<Params> = { [Name in keyof Params]: Params[Name] | undefined };

/**
 * The parameter object of an SDK function, without what was left out. Its type is the SDK's own, taken from
 * where the result goes, so a name that the SDK does not know does not compile.
 */
export function params<Params extends object>(values: Loose<NoInfer<Params>>): Params {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Params;
}

/** Text of these characters; published without the pattern, which tells models nothing and costs on every id. */
const segment = (pattern: RegExp, message: string) => z.string().refine((value) => pattern.test(value), message);

/** An id as it may stand in a path: the SDK does not encode it. */
export const id = () => segment(/^[\w-]{1,255}$/, "takes letters, digits, _ and - only, at most 255");

/** A key such as `org:admin` in a path. */
export const pathKey = () => segment(/^[\w:-]{1,255}$/, "takes letters, digits, _, : and - only, at most 255");

/** Text of a sensible length. */
export const text = (max = 1024) => z.string().max(max);

/** A value that null clears; the published schema names one type, the parser takes null. */
export const clearable = <Type extends z.ZodType>(value: Type, description = "null clears") =>
  value.nullable().describe(description);

/** A list that may be given as its one item. */
export const listOf = <Item extends z.ZodType>(item: Item, max = 100) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).min(1).max(max),
  );

/** Metadata: any JSON object. */
export const metadata = () => z.record(z.string(), z.unknown());

const INSTANT = z.iso.datetime({ offset: true });
const BASE64 = z.base64();

/** A date and time in ISO 8601, such as `2026-11-01T12:00:00Z`; published without zod's long pattern. */
export const instant = () =>
  z
    .string()
    .refine(
      (value) => INSTANT.safeParse(value).success,
      "takes a date and time in ISO 8601, such as 2026-11-01T12:00:00Z",
    )
    .describe("ISO 8601");

/** Paging of Clerk's lists. */
export const paging = (max = 500) => ({
  limit: z.int().min(1).max(max).optional(),
  offset: z.int().min(0).optional(),
});

/** Sorting by one of these fields, `-` in front for descending. */
export const orderBy = <Field extends string>(...fields: readonly Field[]) =>
  z
    .string()
    .refine(
      (value) => (fields as readonly string[]).includes(value.replace(/^[+-]/, "")),
      `takes ${fields.join(", ")}, with - in front for descending`,
    )
    .describe(`${fields.join(", ")}; - in front: descending`)
    .transform((value) => value as `${"" | "+" | "-"}${Field}`)
    .optional();

/** A file with its content in base64. */
export const file = () =>
  z
    .strictObject({
      filename: text(255).min(1),
      mime_type: text(128).min(1),
      content_base64: z.string().refine((value) => BASE64.safeParse(value).success, "takes base64"),
    })
    .transform(
      ({ filename, mime_type, content_base64 }) =>
        new File([Buffer.from(content_base64, "base64")], filename, { type: mime_type }),
    );

/** Renames arguments that go by an older name too; an input that has both is left to the schema to refuse. */
export const renaming = <Input extends z.ZodType>(names: Readonly<Record<string, string>>, input: Input) =>
  z.preprocess((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const given = value as Record<string, unknown>;
    const renamed = ([name, field]: [string, unknown]): [string, unknown] => {
      const current = Object.hasOwn(names, name) ? names[name] : undefined;
      return current === undefined || Object.hasOwn(given, current) ? [name, field] : [current, field];
    };
    return Object.fromEntries(Object.entries(given).map(renamed));
  }, input);

/** A date for the SDK, where one was given. */
export const dateOf = (instant: string | undefined): Date | undefined =>
  instant === undefined ? undefined : new Date(instant);

/** A flag of a query, where leaving it out means something else than false: the SDK sends no false, but the word. */
export const queryFlag = (flag: boolean | undefined): boolean | undefined =>
  flag === false ? ("false" as unknown as boolean) : flag;
