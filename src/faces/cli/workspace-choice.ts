import { AppError } from "../../core/errors.js";
import { parseId } from "../../core/ids.js";
import type { Workspaces } from "../../services/workspaces.js";

/** The workspace that `--workspace` names, or the one that is meant where it is left out. */
export async function chosenWorkspace(
  workspaces: Pick<Workspaces, "exists">,
  id: string | undefined,
  otherwise: number,
): Promise<number> {
  const workspace = id === undefined ? otherwise : parseId("workspace", id);
  if (workspace !== undefined && (await workspaces.exists(workspace))) return workspace;
  throw new AppError("NOT_FOUND", "--workspace takes the id of a workspace that exists, such as ws_1.");
}
