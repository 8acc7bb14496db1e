import { AppError } from "../core/errors.js";
import { formatId } from "../core/ids.js";
import type { Store } from "../store/port.js";
import type { Billing } from "./billing.js";

/** The workspace and the person that every store begins with. */
export const OWNER = { workspace: 1, person: 1 } as const;

export type Role = "owner" | "admin" | "member";

interface WorkspaceRecord {
  readonly name: string;
  readonly slug: string;
  readonly createdAt: number;
}

interface PersonRecord {
  readonly name: string;
  readonly email?: string;
  readonly createdAt: number;
}

/** Workspaces, and the people who belong to them. */
export interface Workspaces {
  /** Makes the owner and the owner's personal workspace, once a store. */
  ensureOwner(): Promise<void>;
  exists(workspace: number): Promise<boolean>;
  /** The workspace as this person sees it. */
  current(workspace: number, person: number): Promise<{ id: string; name: string; slug: string; role: Role }>;
  profile(person: number): Promise<{ id: string; name: string; email?: string; created_at: string }>;
}

/** The workspace service. */
export function createWorkspaces(options: { store: Store; billing: Billing; now: () => number }): Workspaces {
  const { store, billing, now } = options;
  const workspaceOf = (workspace: number) => store.get<WorkspaceRecord>("workspaces", String(workspace));
  return {
    async ensureOwner() {
      if (await workspaceOf(OWNER.workspace)) return;
      const createdAt = now();
      const workspace: WorkspaceRecord = { name: "Personal", slug: "personal", createdAt };
      const person: PersonRecord = { name: "Owner", createdAt };
      const known = await store.get("people", String(OWNER.person));
      // False means that another process was faster: it made the same things.
      await store.commit([
        { kind: "insert", collection: "workspaces", id: String(OWNER.workspace), value: workspace },
        ...(known ? [] : [{ kind: "insert", collection: "people", id: String(OWNER.person), value: person } as const]),
        {
          kind: "insert",
          collection: `members:${OWNER.workspace}`,
          id: String(OWNER.person),
          value: { role: "owner" },
        },
        ...(await billing.openingChanges(OWNER.workspace)),
      ]);
    },
    exists: async (workspace) => (await workspaceOf(workspace)) !== undefined,
    async current(workspace, person) {
      const [found, member] = await Promise.all([
        workspaceOf(workspace),
        store.get<{ role: Role }>(`members:${workspace}`, String(person)),
      ]);
      if (!found) throw new AppError("NOT_FOUND", "The workspace of this key is gone; ask its owner for another key.");
      const { name, slug } = found.value;
      return { id: formatId("workspace", workspace), name, slug, role: member?.value.role ?? "member" };
    },
    async profile(person) {
      const found = await store.get<PersonRecord>("people", String(person));
      if (!found) throw new AppError("NOT_FOUND", "The person of this key is gone; ask the owner for another key.");
      const { name, email, createdAt } = found.value;
      return {
        id: formatId("person", person),
        name,
        ...(email !== undefined && { email }),
        created_at: new Date(createdAt).toISOString(),
      };
    },
  };
}
