import { formatId } from "../../core/ids.js";
import { INVITATION_PREFIX } from "../../core/shapes/workspace.js";
import type { Store } from "../../store/port.js";
import type { Role } from "./memberships.js";
import { commitFresh, numberedRecords } from "../records.js";
import { newToken } from "../tokens.js";

/** What a one-time link signs in: somebody who is known here, or somebody who was invited. */
export type LinkRecord =
  | { readonly kind: "person"; readonly person: number }
  | {
      readonly kind: "invitation";
      readonly workspace: number;
      readonly invitation: number;
      readonly email: string;
      readonly role: Role;
    };

interface InvitationRecord {
  /** The link's id, while it is good. */
  readonly link: string;
  readonly email: string;
  readonly role: Role;
  readonly by: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** An invitation; its link is shown this once. */
export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly url: string;
  readonly expires_at: string;
}

/** Where links are kept, by the hash of their token. */
export const LINKS = "sign-in-links";

const INVITATION_MS = 7 * 86_400_000;

/** Invitations into a workspace: a link each, good once, for seven days. No mail is sent. */
export interface Invitations {
  create(workspace: number, by: number, who: { readonly email: string; readonly role: Role }): Promise<Invitation>;
}

/** The invitations of a store; `pageUrl` is the address that a link opens. */
export function createInvitations(options: {
  readonly store: Store;
  readonly linkTo: (token: string) => string;
  readonly now: () => number;
}): Invitations {
  const { store, linkTo, now } = options;
  const records = numberedRecords<InvitationRecord>(store, {
    kind: "invitation",
    called: "invitation",
    lister: "list-workspace-members",
  });
  return {
    async create(workspace, by, { email, role }) {
      const number = await records.next();
      const { token, id } = newToken(INVITATION_PREFIX);
      const expiresAt = now() + INVITATION_MS;
      const link: LinkRecord = { kind: "invitation", workspace, invitation: number, email, role };
      await commitFresh(store, [
        records.insert(workspace, number, { link: id, email, role, by, createdAt: now(), expiresAt }),
        { kind: "insert", collection: LINKS, id, value: link, ttlMs: INVITATION_MS },
      ]);
      const expires_at = new Date(expiresAt).toISOString();
      return { id: formatId("invitation", number), email, role, url: linkTo(token), expires_at };
    },
  };
}
