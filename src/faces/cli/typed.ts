import { randomUUID } from "node:crypto";
import { audited, type AuditTrail, type Deed } from "../../core/audit-trail.js";
import type { Caller } from "../../core/caller.js";

/** Who types at the terminal, and in which workspace: they may do everything there. */
export const typedBy = (person: number, workspace: number): Caller => ({
  kind: "local",
  face: "cli",
  workspace,
  person,
  scopes: new Set(["*"]),
  requestId: `req_${randomUUID()}`,
});

/** Does what was typed, with the entry in the workspace's audit log that an operation would have. */
export const typed = <T>(trail: AuditTrail, deed: Deed, run: () => Promise<T>): Promise<T> =>
  audited(trail, deed, Date.now, run);
