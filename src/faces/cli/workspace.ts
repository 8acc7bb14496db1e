import { AppError } from "../../core/errors.js";
import { visible } from "../../core/visible.js";
import type { Portability } from "../../services/portability/portability.js";
import type { Workspaces } from "../../services/workspaces.js";
import { chosenWorkspace } from "./workspace-choice.js";

/** What the commands for whole workspaces work with; `print` writes a line and waits for a slow reader. */
export interface WorkspaceCommands {
  readonly portability: Portability;
  readonly workspaces: Pick<Workspaces, "exists">;
  readonly owner: { readonly workspace: number; readonly person: number };
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly print: (line: string) => Promise<void>;
}

/** Longest line of a document, in characters: the largest artifact has room in it several times. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Writes a workspace out, line by line. */
export async function exportWorkspace(
  { portability, workspaces, owner, print }: WorkspaceCommands,
  options: { readonly workspace?: string },
): Promise<void> {
  const workspace = await chosenWorkspace(workspaces, options.workspace, owner.workspace);
  for await (const line of portability.export(workspace)) await print(line);
}

/** Makes a new workspace of the document at stdin, and says which it is. */
export async function importWorkspace({ portability, owner, stdin, print }: WorkspaceCommands): Promise<void> {
  const { id, name } = await portability.import(linesOf(stdin), owner.person);
  await print(`${id} ${visible(JSON.stringify(name))} is there, with you as its owner.`);
  await print("Members, keys, secrets and connections are not part of an export: invite, make and connect them anew.");
  await print(`A key for it: clanker-mcp keys create --name <name> --workspace ${id}`);
}

/** Removes a workspace for good. */
export async function deleteWorkspace(
  { portability, workspaces, owner, print }: WorkspaceCommands,
  options: { readonly workspace: string; readonly yes?: true },
): Promise<void> {
  const workspace = await chosenWorkspace(workspaces, options.workspace, owner.workspace);
  if (options.yes !== true) {
    throw new AppError(
      "CONFIRMATION_REQUIRED",
      `This removes ws_${workspace} with everything in it, and nothing brings it back: add --yes to do it.`,
    );
  }
  await portability.remove(workspace);
  await print(`ws_${workspace} is removed, with everything that was in it.`);
}

/** The lines of a text that comes in pieces, without their ends; an empty one at the end is none. */
async function* linesOf(pieces: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const parts = (typeof piece === "string" ? piece : decoder.decode(piece, { stream: true })).split("\n");
    for (const [at, part] of parts.entries()) {
      if (at > 0) {
        yield rest.join("");
        [rest, length] = [[], 0];
      }
      rest.push(part);
      length += part.length;
      if (length > LONGEST_LINE) {
        throw new AppError("PAYLOAD_TOO_LARGE", `A line of the document has more than ${LONGEST_LINE} characters.`);
      }
    }
  }
  const last = rest.join("") + decoder.decode();
  if (last !== "") yield last;
}
