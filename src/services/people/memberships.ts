import type { Insert, Store } from "../../store/port.js";
import { orderOf } from "../records.js";

/** What a person is in a workspace. A member works in it; its keys, members and secrets are the others' business. */
export type Role = "owner" | "admin" | "member";

/** Who belongs where, kept from both sides: `members:<workspace>` and `memberships:<person>`. */
export interface Memberships {
  roleOf(workspace: number, person: number): Promise<Role | undefined>;
  /** The changes that make a person a member; they fail where the person is one already. */
  joining(workspace: number, person: number, role: Role): Insert[];
}

interface Membership {
  readonly role: Role;
}

export const membersOf = (workspace: number): string => `members:${workspace}`;
export const membershipsOf = (person: number): string => `memberships:${person}`;

/** The memberships of a store. */
export function createMemberships(store: Store): Memberships {
  return {
    roleOf: async (workspace, person) =>
      (await store.get<Membership>(membersOf(workspace), String(person)))?.value.role,
    joining(workspace, person, role) {
      const value: Membership = { role };
      const insert = (collection: string, number: number): Insert => ({
        kind: "insert",
        collection,
        id: String(number),
        value,
        order: orderOf(number),
      });
      return [insert(membersOf(workspace), person), insert(membershipsOf(person), workspace)];
    },
  };
}
