import type { Command } from "commander";
import type { AuditCommands } from "../faces/cli/audit.js";
import { type Terminal, theOwner, withApp, type WorkspaceOption } from "./terminal.js";

/** `audit verify` and `audit export`. */
export function auditCommands(root: Command, terminal: Terminal): void {
  const audit = root.command("audit").description("check and export the audit log");
  const commands = () => import("../faces/cli/audit.js");
  const withAudit = <T>({ workspace }: WorkspaceOption, use: (commands: AuditCommands) => Promise<T>) =>
    withApp(terminal, async ({ services: { audit, workspaces } }) => {
      const { chosenWorkspace } = await import("../faces/cli/workspace-choice.js");
      const chosen = await chosenWorkspace(workspaces, workspace, (await theOwner()).workspace);
      return use({ audit, workspace: chosen, print: terminal.print });
    });
  audit
    .command("verify")
    .description("say whether the log is as it was written; exit code 1 where it is not")
    .option("--workspace <id>", "whose log; the first workspace's if left out")
    .action(async (options: WorkspaceOption) => {
      if (!(await withAudit(options, (await commands()).verifyAudit))) terminal.fail();
    });
  audit
    .command("export")
    .description("write every entry as a line of JSON, oldest first")
    .option("--workspace <id>", "whose log; the first workspace's if left out")
    .action(async (options: WorkspaceOption) => withAudit(options, (await commands()).exportAudit));
}
