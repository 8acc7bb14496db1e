import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, temporaryFolder } from "../support/program.js";

/** A folder with these workflows, each called after its id, as the program is told of it. */
export async function workflowFolder(...files: readonly string[]): Promise<Environment> {
  const folder = await temporaryFolder();
  for (const text of files) await writeFile(join(folder, `${/^id: (\S+)$/m.exec(text)?.[1]}.yaml`), text);
  return { CLANKER_WORKFLOWS_PATH: folder };
}

/** A step that notes a word in the memory, after another. */
export const noteStep = (id: string, after?: string): string =>
  `  - { id: ${id}, ${after === undefined ? "" : `after: [${after}], `}operation: write-memory, with: { mode: append, content: ${id} } }\n`;
