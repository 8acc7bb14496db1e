import { AppError } from "./errors.js";
import type { Surface } from "./surface.js";

/** Which door a call came through; `cli`: a command typed at the terminal of the machine. */
export type Face = "rest" | "mcp" | "cli";

/** Who calls: resolved by a face once a request, trusted by everything behind it. */
export interface Caller {
  /** `key`: an API key; `session`: a person who signed in; `local`: stdio or the terminal, the owner of the home folder; `link`: a signed link; `anonymous`: no credential. */
  readonly kind: "key" | "session" | "local" | "link" | "anonymous";
  readonly face: Face;
  /** Workspace id without its prefix; 0 for an anonymous caller. */
  readonly workspace: number;
  /** Person id without its prefix; 0 for an anonymous caller. */
  readonly person: number;
  /** Key id without its prefix; absent for the owner's key and for stdio. */
  readonly key?: number;
  /** The key's visible first characters, for logs. */
  readonly keyPrefix?: string;
  /** Names a signed-in person's session; absent for everybody else. */
  readonly session?: string;
  /** The MCP session that the call came in: what a person grants may be held by it. */
  readonly holder?: string;
  /** What the caller may do now: the scopes of its key and what grants lend it for a while. */
  readonly scopes: ReadonlySet<string>;
  /**
   * Scopes beside those that are lent for one call, each with the number of the consent that lends it. They open an
   * operation, which uses them up, and nothing else: no list, no stream, no resource.
   */
  readonly oneTime?: Readonly<Record<string, number>>;
  /** What the caller narrowed its connection to. */
  readonly surface?: Surface;
  /** The named Clerk account that this caller works with; the default one if absent. */
  readonly clerkAccount?: string;
  readonly requestId: string;
  readonly ip?: string;
  readonly userAgent?: string;
}

/** Kinds of callers that are a person, and not an agent with that person's key. */
const PEOPLE: ReadonlySet<Caller["kind"]> = new Set(["session"]);

/** Whether a person calls: what an agent asked for is approved by nobody else. */
export function isPerson({ kind }: Pick<Caller, "kind">): boolean {
  return PEOPLE.has(kind);
}

/** Scopes that `*` does not include; they must be granted by name. */
const BEYOND_WILDCARD: ReadonlySet<string> = new Set(["clerk:secrets"]);

/**
 * Whether these scopes allow what an operation asks for. `public` needs nothing; `none` any
 * credential and `session` a person (stages of their own check these); `owner` the wildcard.
 */
export function allows(granted: ReadonlySet<string>, wanted: string): boolean {
  if (wanted === "public" || wanted === "none" || wanted === "session") return true;
  if (wanted === "owner") return granted.has("*");
  return granted.has(wanted) || (granted.has("*") && !BEYOND_WILDCARD.has(wanted));
}

/** Throws `PERMISSION_REQUIRED` where a key lacks a scope, `ACCESS_DENIED` where a person does, who asks nobody for one. */
export function requireScope(
  caller: Pick<Caller, "scopes" | "oneTime"> & { readonly kind?: Caller["kind"] },
  scope: string,
): void {
  if (allows(caller.scopes, scope) || lenderOf(caller, scope) !== undefined) return;
  if (caller.kind !== undefined && isPerson({ kind: caller.kind })) throw beyondRole(scope);
  const wanted = scope === "owner" ? "an unrestricted key (scope *, for good)" : `the scope ${scope}`;
  throw new AppError(
    "PERMISSION_REQUIRED",
    `This call needs ${wanted}; ask the person for it with request-permission.`,
    {
      details: { scope: scope === "owner" ? "*" : scope },
    },
  );
}

function beyondRole(scope: string): AppError {
  return new AppError(
    "ACCESS_DENIED",
    BEYOND_WILDCARD.has(scope)
      ? `No role allows this; use a key that was made with: clanker-mcp keys create --scopes ${scope}`
      : "Your role in this workspace does not allow this; ask its owner or an admin.",
  );
}

/** The consent that lends this scope for one call; undefined where none does. */
export function lenderOf({ oneTime = {} }: Pick<Caller, "oneTime">, scope: string): number | undefined {
  return Object.hasOwn(oneTime, scope) ? oneTime[scope] : undefined;
}

/** Throws `PERMISSION_REQUIRED` where somebody would grant more than they hold. */
export function requireGrantable(held: ReadonlySet<string>, scopes: readonly string[]): void {
  const beyond = scopes.find((scope) => !allows(held, scope));
  if (beyond === undefined) return;
  throw new AppError("PERMISSION_REQUIRED", `Nobody grants what they lack, and you lack ${beyond}; leave it out.`, {
    details: { scope: beyond },
  });
}
