import { randomUUID } from "node:crypto";
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
