import { AppError, notFound } from "../core/errors.js";
import { formatId, parseId } from "../core/ids.js";
import { type Page, type PageInput, requireOneDirection, toPage } from "../core/page.js";
import type { Change, Store } from "../store/port.js";
import type { Billing } from "./billing.js";
import { type Memberships, membersOf, membershipsOf, type Role } from "./people/memberships.js";
import type { People } from "./people/people.js";
import { cursorsOf, numberedRecords } from "./records.js";

/** The workspace and the person that every store begins with. */
export const OWNER = { workspace: 1, person: 1 } as const;

interface WorkspaceRecord {
  readonly name: string;
  readonly slug: string;
  readonly createdAt: number;
}

/** A workspace as one person sees it. */
export interface WorkspaceView {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly role: Role;
}

export interface MemberView {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly role: Role;
}

/** Workspaces, and the people who belong to them. */
export interface Workspaces {
  /** Makes the owner and the owner's personal workspace, once a store. */
  ensureOwner(): Promise<void>;
  exists(workspace: number): Promise<boolean>;
  /** The workspace as this person sees it; throws `NOT_FOUND`. */
  current(workspace: number, person: number): Promise<WorkspaceView>;
  /** Those that a person belongs to, newest first. */
  page(person: number, input: PageInput): Promise<Page<WorkspaceView>>;
  /** The number of a workspace by id or slug; throws `NOT_FOUND` where this person does not belong to it. */
  find(person: number, idOrSlug: string): Promise<number>;
  /** Throws `CONFLICT` where the slug is taken. */
  create(person: number, workspace: { readonly name: string; readonly slug: string }): Promise<WorkspaceView>;
  members(workspace: number, input: PageInput): Promise<Page<MemberView>>;
  /** The changes that make a person with a workspace of their own. */
  personMaking(person: { readonly name: string; readonly email?: string }): Promise<{
    readonly person: number;
    readonly personal: number;
    readonly changes: readonly Change[];
  }>;
}

const WORKSPACES = "workspaces";
const SLUGS = "workspace-slugs";
/** Those that people's own workspaces get: nobody else can be in the way of a person to come. */
const PERSONAL_SLUG = /^personal(-\d+)?$/;

/** The workspace service. */
export function createWorkspaces(options: {
  readonly store: Store;
  readonly people: People;
  readonly memberships: Memberships;
  readonly billing: Billing;
  readonly now: () => number;
}): Workspaces {
  const { store, people, memberships, billing, now } = options;
  const workspaceNumbers = numberedRecords(store, {
    kind: "workspace",
    called: "workspace",
    lister: "list-workspaces",
  });
  const personNumbers = numberedRecords(store, { kind: "person", called: "person", lister: "list-workspace-members" });
  const workspaceOf = (workspace: number) => store.get<WorkspaceRecord>(WORKSPACES, String(workspace));

  const making = async (
    workspace: number,
    owner: number,
    { name, slug }: { readonly name: string; readonly slug: string },
  ): Promise<Change[]> => [
    {
      kind: "insert",
      collection: WORKSPACES,
      id: String(workspace),
      value: { name, slug, createdAt: now() } satisfies WorkspaceRecord,
    },
    { kind: "insert", collection: SLUGS, id: slug, value: { workspace } },
    ...memberships.joining(workspace, owner, "owner"),
    ...(await billing.openingChanges(workspace)),
  ];

  const viewOf = async (workspace: number, role: Role): Promise<WorkspaceView | undefined> => {
    const found = await workspaceOf(workspace);
    return found && { id: formatId("workspace", workspace), name: found.value.name, slug: found.value.slug, role };
  };

  const current: Workspaces["current"] = async (workspace, person) => {
    const view = await viewOf(workspace, (await memberships.roleOf(workspace, person)) ?? "member");
    if (!view) throw new AppError("NOT_FOUND", "The workspace of this key is gone; ask its owner for another key.");
    return view;
  };

  /** A page of memberships, newest first. */
  const pageQuery = async (kind: "workspace" | "person", input: PageInput) => {
    requireOneDirection(input);
    const cursor = cursorsOf(store, kind);
    const [after, before] = await Promise.all([cursor(input.after_id), cursor(input.before_id)]);
    return {
      direction: "descending",
      limit: input.limit,
      ...(after !== undefined && { after }),
      ...(before !== undefined && { before }),
    } as const;
  };

  return {
    async ensureOwner() {
      if (await workspaceOf(OWNER.workspace)) return;
      const known = await people.find(OWNER.person);
      // False means that another process was faster: it made the same things.
      await store.commit([
        ...(known ? [] : [people.making(OWNER.person, { name: "Owner", personal: OWNER.workspace })]),
        ...(await making(OWNER.workspace, OWNER.person, { name: "Personal", slug: "personal" })),
      ]);
    },

    exists: async (workspace) => (await workspaceOf(workspace)) !== undefined,

    current,

    async page(person, input) {
      const rows = await store.page<{ role: Role }>(membershipsOf(person), await pageQuery("workspace", input));
      const views = await Promise.all(rows.rows.map(({ id, value }) => viewOf(Number(id), value.role)));
      const found = views.filter((view) => view !== undefined);
      return toPage(found, rows.more, ({ id }) => id);
    },

    async find(person, idOrSlug) {
      const named = await store.get<{ workspace: number }>(SLUGS, idOrSlug);
      const workspace = parseId("workspace", idOrSlug) ?? named?.value.workspace;
      if (workspace === undefined || (await memberships.roleOf(workspace, person)) === undefined)
        throw notFound("workspace", idOrSlug, "list-workspaces");
      return workspace;
    },

    async create(person, wanted) {
      const { slug } = wanted;
      if (PERSONAL_SLUG.test(slug) || (await store.get(SLUGS, slug))) throw taken(slug);
      const workspace = await workspaceNumbers.next();
      if (!(await store.commit(await making(workspace, person, wanted)))) throw taken(slug);
      return current(workspace, person);
    },

    async members(workspace, input) {
      const rows = await store.page<{ role: Role }>(membersOf(workspace), await pageQuery("person", input));
      const views = await Promise.all(
        rows.rows.map(async ({ id, value: { role } }): Promise<MemberView> => {
          const person = await people.find(Number(id));
          const { name = "", email } = person ?? {};
          return { id: formatId("person", Number(id)), name, ...(email !== undefined && { email }), role };
        }),
      );
      return toPage(views, rows.more, ({ id }) => id);
    },

    async personMaking({ name, email }) {
      const [person, personal] = await Promise.all([personNumbers.next(), workspaceNumbers.next()]);
      return {
        person,
        personal,
        changes: [
          people.making(person, { name, ...(email !== undefined && { email }), personal }),
          ...(await making(personal, person, { name: "Personal", slug: `personal-${person}` })),
        ],
      };
    },
  };
}

function taken(slug: string): AppError {
  return new AppError("CONFLICT", `The slug ${slug} is taken; choose another.`);
}
