import type { Audit } from "../../services/audit/audit.js";

/** What the `audit` commands work with; `print` writes a line to the person. */
export interface AuditCommands {
  readonly audit: Audit;
  readonly workspace: number;
  readonly print: (line: string) => void | Promise<void>;
}

/** Checks the chain of a workspace's audit log and says what it found; answers whether it is whole. */
export async function verifyAudit({ audit, workspace, print }: AuditCommands): Promise<boolean> {
  const verdict = await audit.verify(workspace);
  const entries = `${verdict.entries} ${verdict.entries === 1 ? "entry" : "entries"}`;
  if (verdict.intact) {
    await print(`The audit log of ws_${workspace} is intact: ${entries}.`);
    return true;
  }
  const where = verdict.entry === undefined ? "The audit log is broken" : `The audit log is broken at ${verdict.entry}`;
  await print(`${where}: ${verdict.problem}.`);
  await print(`${entries} of ws_${workspace} up to there are intact.`);
  return false;
}

/** Writes every entry as a line of JSON, oldest first. */
export async function exportAudit({ audit, workspace, print }: AuditCommands): Promise<void> {
  for await (const entry of audit.entries(workspace)) await print(JSON.stringify(entry));
}
