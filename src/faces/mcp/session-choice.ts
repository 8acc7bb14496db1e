import type { IncomingMessage } from "node:http";
import type { Caller } from "../../core/caller.js";
import { AppError } from "../../core/errors.js";
import { narrowed, readSurface, type Surface, surfaceKey } from "../../core/surface.js";
import { invalidRequest } from "./door.js";
import type { McpOptions } from "./options.js";

/** What a client chose when it opened its session, in its own words and as it holds. */
export interface Choice {
  readonly wishes: Wishes;
  readonly surface: Surface;
  readonly clerkAccount: string | undefined;
}

/** Reads what clients choose by query or header. */
export interface Choices {
  /** What a session that begins with this request works with; refuses a name that does not exist with HTTP 400. */
  read(req: IncomingMessage, caller: Caller): Choice;
  /** What a session that another process opened works with. */
  again(wishes: Wishes, caller: Caller): Choice;
  /** Refuses a later request of a session that asks for something else than its first. */
  requireSame(req: IncomingMessage, caller: Caller, choice: Choice): void;
}

/** The places of a wish, in the query and as a header. */
const HEADERS = {
  toolsets: "x-mcp-toolsets",
  readonly: "x-mcp-readonly",
  surface: "x-mcp-surface",
  clerkaccount: "x-clerk-account",
} as const;

type Wish = keyof typeof HEADERS;
type Wishes = Readonly<Partial<Record<Wish, string>>>;

const WISHES = Object.keys(HEADERS) as Wish[];
const NONE: Wishes = {};

/** The choices within the operator's limit. */
export function createChoices(
  options: Pick<McpOptions, "registry" | "operatorSurface" | "chooseClerkAccount">,
): Choices {
  const { registry, operatorSurface, chooseClerkAccount } = options;

  const choiceOf = (wishes: Wishes, caller: Caller): Choice => ({
    wishes,
    surface: wishes === NONE ? operatorSurface : narrowed(operatorSurface, readSurface(wishes, registry.toolsets)),
    clerkAccount: chooseClerkAccount(caller, wishes.clerkaccount).clerkAccount,
  });

  return {
    read: (req, caller) => asRefusal(() => choiceOf(wishesOf(req), caller)),
    again: (wishes, caller) => asRefusal(() => choiceOf(Object.keys(wishes).length > 0 ? wishes : NONE, caller)),
    requireSame(req, caller, choice) {
      const wishes = wishesOf(req);
      if (WISHES.every((wish) => wishes[wish] === undefined || wishes[wish] === choice.wishes[wish])) return;
      const { surface, clerkAccount } = asRefusal(() => choiceOf({ ...choice.wishes, ...wishes }, caller));
      if (surfaceKey(surface) === surfaceKey(choice.surface) && clerkAccount === choice.clerkAccount) return;
      throw invalidRequest("This session was opened with another surface or account; open a new one to change it.");
    },
  };
}

/** The caller of a request in a session with this choice. */
export function within({ surface, clerkAccount }: Choice, caller: Caller): Caller {
  return { ...caller, surface, ...(clerkAccount !== undefined && { clerkAccount }) };
}

function wishesOf({ url = "", headers }: IncomingMessage): Wishes {
  const mark = url.indexOf("?");
  if (mark === -1 && WISHES.every((wish) => headers[HEADERS[wish]] === undefined)) return NONE;
  const asked = new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
  const wishes: Partial<Record<Wish, string>> = {};
  for (const wish of WISHES) {
    // However a client spells it, a limit that it asks for must not be lost: readOnly, read-only, read_only.
    const inQuery = [...asked].filter(([name]) => name.toLowerCase().replaceAll(/[-_]/g, "") === wish);
    const header = headers[HEADERS[wish]];
    const said = new Set([
      ...(inQuery.length > 0 ? [inQuery.map(([, value]) => value).join(",")] : []),
      ...(header === undefined ? [] : [String(header)]),
    ]);
    if (said.size > 1)
      throw invalidRequest(`The query and the header ${HEADERS[wish]} say different things; send one.`);
    for (const value of said) wishes[wish] = value;
  }
  return Object.keys(wishes).length > 0 ? wishes : NONE;
}

function asRefusal<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof AppError && thrown.code === "INVALID_INPUT" ? invalidRequest(thrown.message) : thrown;
  }
}
