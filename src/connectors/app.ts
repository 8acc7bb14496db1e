import type { z } from "zod";
import { AppError, quote } from "../core/errors.js";

/** The apps a workspace can be connected to. */
export const APP_SLUGS = ["gmail", "calendar", "drive", "notion", "github"] as const;
export type AppSlug = (typeof APP_SLUGS)[number];

/** Whose OAuth client and addresses an app uses: the prefix of its settings. */
export type Provider = "GITHUB" | "GOOGLE" | "NOTION";

/** Query values; those that are undefined are left out, of an array each is sent. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A call of an app's API; the path starts with a slash and its parts are encoded by the caller with {@link path}. */
export interface ApiCall {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON, unless `bytes` is given. */
  readonly body?: unknown;
  readonly bytes?: { readonly content: Uint8Array; readonly mimeType: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes of the answer; more is `PAYLOAD_TOO_LARGE`. */
  readonly maxBytes?: number;
}

/** An app's API with the workspace's credentials: time and size limits, retried reads, typed errors. */
export interface Api {
  /** The answer's JSON; undefined for an empty one. Throws `UPSTREAM_FAILED`, `NOT_FOUND`, `RATE_LIMITED`, `TIMEOUT` and so on. */
  json(call: ApiCall): Promise<unknown>;
  /** The answer's bytes and its media type. */
  bytes(call: ApiCall): Promise<{ readonly content: Uint8Array; readonly mimeType: string }>;
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
}

/** One thing an app can do. */
export interface Action<Input extends z.ZodObject = z.ZodObject> {
  /** Kebab-case, verb first, unique within its app, such as `create-issue`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly effect: "read" | "write" | "destroy";
  readonly input: Input;
  run(input: z.output<Input>, api: Api): Promise<unknown>;
}

/** Something that happens in an app and could start work, with the shape of what it tells. */
export interface Trigger {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly payload: z.ZodObject;
}

/** A repository, calendar, folder, database or label. */
export interface Source {
  /** What the other operations take. */
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly url?: string;
  readonly private?: boolean;
}

/** What lies at a path of a source: a file's text, or a folder's entries. */
export type Content =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly mimeType: string;
      readonly size: number;
      readonly text: string;
    }
  | {
      readonly kind: "folder";
      readonly path: string;
      readonly entries: readonly { readonly path: string; readonly kind: "file" | "folder"; readonly size?: number }[];
      /** Whether there are more than are listed. */
      readonly truncated: boolean;
    };

/** An app: how to get in, and what can be done there. */
export interface App {
  readonly slug: AppSlug;
  readonly title: string;
  readonly provider: Provider;
  /** Scopes to ask the provider for. */
  readonly scopes: readonly string[];
  /** Query parameters that the provider's authorize page wants beside the standard ones. */
  readonly authorizeParams?: Readonly<Record<string, string>>;
  /** Whose account it is, for people: a login or an e-mail address. */
  account(api: Api): Promise<string>;
  sources(
    input: { readonly search?: string | undefined; readonly cursor?: string | undefined },
    api: Api,
  ): Promise<{ readonly data: readonly Source[]; readonly nextCursor?: string }>;
  /** Absent where sources have no branches. */
  branches?(source: string, api: Api): Promise<readonly { readonly name: string; readonly commit?: string }[]>;
  content(
    input: { readonly source: string; readonly path?: string | undefined; readonly ref?: string | undefined },
    api: Api,
  ): Promise<Content>;
  readonly actions: readonly Action[];
  readonly triggers: readonly Trigger[];
}

/** The identity that gives an action its types. */
export function action<Input extends z.ZodObject>(definition: Action<Input>): Action {
  // `run` takes more than it says: whoever runs an action parses first.
  return definition;
}

/** A path of parts, each encoded, so that no part can leave its place; an empty one, `.` and `..` are `INVALID_INPUT`. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((text, part, at) => text + (at > 0 ? encoded(String(values[at - 1])) : "") + part, "");
}

function encoded(value: string): string {
  // Dots stay as they are when encoded, and an address is walked along them.
  if (/^\.{0,2}$/.test(value)) throw new AppError("INVALID_INPUT", `${quote(value)} cannot be part of a path.`);
  return encodeURIComponent(value);
}
