import { createHmac, randomBytes } from "node:crypto";
import type { AuthenticateSession } from "../../core/authenticate.js";
import type { Caller } from "../../core/caller.js";
import { AppError } from "../../core/errors.js";
import { parseId } from "../../core/ids.js";
import { ALL_SCOPES } from "../../core/scopes.js";
import { untilCommitted, update } from "../../store/atomic.js";
import type { Change, Store, Stored } from "../../store/port.js";
import { LINKS, type LinkRecord } from "./invitations.js";
import { type Memberships, membershipsOf, type Role } from "./memberships.js";
import type { People } from "./people.js";
import { hashOf, newToken } from "../tokens.js";
import type { Workspaces } from "../workspaces.js";

interface SessionRecord {
  readonly person: number;
  readonly personal: number;
  readonly createdAt: number;
  readonly usedAt: number;
}

interface TokenRecord {
  readonly session: string;
  /** Another one took its place: it has but a minute, however often it is used. */
  readonly replaced?: true;
}

/** A session that has just begun or got a new token. */
export interface SignedIn {
  /** `cs_…`, this once. */
  readonly token: string;
  readonly person: number;
  /** Where the person is now. */
  readonly workspace: number;
  readonly csrfToken: string;
  /** Whether they came into that workspace just now. */
  readonly joined?: true;
}

/** How people get in and out: one-time links, sessions, and the tokens that stand for them. */
export interface SignIns {
  /** A link that signs a person in once, within fifteen minutes; throws `NOT_FOUND`. */
  linkFor(person: number): Promise<{ readonly url: string; readonly expires_at: string }>;
  /**
   * Takes a link, once. An invitation makes a person, whose name it wants first (`INVALID_INPUT` names the field), or
   * lets in who is signed in already.
   */
  signIn(token: string, name: string | undefined, signedIn: number | undefined): Promise<SignedIn>;
  authenticate: AuthenticateSession;
  /** What a page sends along with whatever changes something. */
  csrfToken(caller: Pick<Caller, "session">): string;
  /** Another token for the caller's session; the one before lasts a minute more, for what is on its way. */
  renew(caller: Pick<Caller, "session" | "person" | "workspace">, token: string): Promise<SignedIn>;
  /** What a person may do in a workspace; nothing where they do not belong to it. */
  scopesIn(workspace: number, person: number): Promise<ReadonlySet<string>>;
  isSignedIn(session: string): Promise<boolean>;
  signOut(session: string): Promise<void>;
}

const LINK_MS = 15 * 60_000;
/** A session that nobody uses ends after two weeks. */
const SESSION_IDLE_MS = 14 * 86_400_000;
const USE_NOTED_EVERY_MS = 3_600_000;
const OLD_TOKEN_MS = 60_000;
const SESSIONS = "person-sessions";
const TOKENS = "session-tokens";

const EVERYTHING: ReadonlySet<string> = new Set(["*"]);
const WORK: ReadonlySet<string> = new Set(ALL_SCOPES.filter((scope) => scope !== "*" && scope !== "clerk:secrets"));
const SCOPES: Readonly<Record<Role, ReadonlySet<string>>> = { owner: EVERYTHING, admin: EVERYTHING, member: WORK };

/** The sign-ins of a store. */
export function createSignIns(options: {
  readonly store: Store;
  readonly people: People;
  readonly workspaces: Workspaces;
  readonly memberships: Memberships;
  /** 32 bytes that only this server's processes know. */
  readonly secret: Uint8Array;
  readonly linkTo: (token: string) => string;
  readonly now: () => number;
}): SignIns {
  const { store, people, workspaces, memberships, secret, linkTo, now } = options;
  const csrfOf = (session: string) => createHmac("sha256", secret).update(session).digest("base64url");
  const tokenChange = (id: string, session: string): Change => ({
    kind: "insert",
    collection: TOKENS,
    id,
    value: { session },
    ttlMs: SESSION_IDLE_MS,
  });

  /** A new session, in one commit with what lets its person in. */
  const begin = async (person: number, personal: number, workspace: number, changes: readonly Change[]) => {
    const session = randomBytes(16).toString("hex");
    const { token, id } = newToken("cs");
    const value: SessionRecord = { person, personal, createdAt: now(), usedAt: now() };
    const held = await store.commit([
      ...changes,
      { kind: "insert", collection: SESSIONS, id: session, value, ttlMs: SESSION_IDLE_MS },
      tokenChange(id, session),
    ]);
    return held ? { result: { token, person, workspace, csrfToken: csrfOf(session) } } : undefined;
  };

  const accept = async (
    link: Extract<LinkRecord, { kind: "invitation" }>,
    taking: Change,
    name: string | undefined,
    signedIn: number | undefined,
  ) => {
    const { workspace, role, email } = link;
    if (!(await workspaces.exists(workspace))) throw badLink();
    if (signedIn !== undefined) {
      const known = await people.find(signedIn);
      const isMember = (await memberships.roleOf(workspace, signedIn)) !== undefined;
      if (isMember) throw new AppError("CONFLICT", "You belong to this workspace already; the link stays for another.");
      if (known)
        return joined(
          await begin(signedIn, known.personal, workspace, [taking, ...memberships.joining(workspace, signedIn, role)]),
        );
    }
    if (name === undefined) throw nameWanted();
    const { person, personal, changes } = await workspaces.personMaking({ name, email });
    return joined(
      await begin(person, personal, workspace, [taking, ...changes, ...memberships.joining(workspace, person, role)]),
    );
  };

  /** Where a person begins: their own workspace, or the newest other one where that was deleted. */
  const homeOf = async (person: number, personal: number): Promise<number> => {
    if ((await memberships.roleOf(personal, person)) !== undefined) return personal;
    const { rows } = await store.page(membershipsOf(person), { direction: "descending", limit: 1 });
    return Number(rows[0]?.id ?? personal);
  };

  const noteUse = async ({ id, value }: Stored<SessionRecord>, token: string): Promise<void> => {
    if (now() - value.usedAt < USE_NOTED_EVERY_MS) return;
    const later = { ttlMs: SESSION_IDLE_MS };
    await update<SessionRecord>(store, SESSIONS, id, (kept) => ({ value: { ...kept, usedAt: now() }, ...later }));
    await update<TokenRecord>(store, TOKENS, token, (kept) => (kept.replaced ? undefined : { value: kept, ...later }));
  };

  return {
    async linkFor(person) {
      await people.profile(person);
      const { token, id } = newToken("cl");
      const value: LinkRecord = { kind: "person", person };
      await store.commit([{ kind: "insert", collection: LINKS, id, value, ttlMs: LINK_MS }]);
      return { url: linkTo(token), expires_at: new Date(now() + LINK_MS).toISOString() };
    },

    signIn: (token, name, signedIn) =>
      untilCommitted(async () => {
        const id = hashOf(token);
        const link = await store.get<LinkRecord>(LINKS, id);
        if (!link) throw badLink();
        const taking: Change = { kind: "remove", collection: LINKS, id, version: link.version };
        if (link.value.kind === "invitation") return accept(link.value, taking, name, signedIn);
        const { person } = link.value;
        const known = await people.find(person);
        if (!known) throw badLink();
        return begin(person, known.personal, await homeOf(person, known.personal), [taking]);
      }),

    async authenticate(token, wanted, { grant, ...origin }) {
      const id = hashOf(token);
      const place = await store.get<TokenRecord>(TOKENS, id);
      const found = place && (await store.get<SessionRecord>(SESSIONS, place.value.session));
      if (!found) throw new AppError("AUTH_REQUIRED", "This session has ended; sign in again.");
      const { person, personal } = found.value;
      const workspace = wanted === undefined ? await homeOf(person, personal) : parseId("workspace", wanted);
      const role = workspace === undefined ? undefined : await memberships.roleOf(workspace, person);
      if (workspace === undefined || role === undefined)
        throw new AppError("ACCESS_DENIED", "You do not belong to the workspace that x-workspace-id names.");
      await noteUse(found, id).catch(() => undefined);
      return { ...origin, kind: "session", workspace, person, session: found.id, scopes: SCOPES[role] };
    },

    csrfToken: ({ session = "" }) => csrfOf(session),

    async renew({ session = "", person, workspace }, before) {
      const { token, id } = newToken("cs");
      await store.commit([tokenChange(id, session)]);
      await update<TokenRecord>(store, TOKENS, hashOf(before), (kept) =>
        kept.replaced ? undefined : { value: { ...kept, replaced: true }, ttlMs: OLD_TOKEN_MS },
      );
      return { token, person, workspace, csrfToken: csrfOf(session) };
    },

    async scopesIn(workspace, person) {
      const role = await memberships.roleOf(workspace, person);
      return role ? SCOPES[role] : new Set();
    },

    isSignedIn: async (session) => (await store.get(SESSIONS, session)) !== undefined,

    async signOut(session) {
      await store.commit([{ kind: "remove", collection: SESSIONS, id: session }]);
    },
  };
}

const joined = (begun: { readonly result: SignedIn } | undefined) =>
  begun && { result: { ...begun.result, joined: true as const } };

function badLink(): AppError {
  return new AppError(
    "AUTH_REQUIRED",
    "This link was used already or is too old; ask for another, as the owner with: clanker-mcp owner-link",
  );
}

function nameWanted(): AppError {
  const problem = "say what others here are to call you";
  return new AppError("INVALID_INPUT", `The arguments do not fit: name: ${problem}.`, {
    details: { issues: [{ field: "name", problem }] },
  });
}
