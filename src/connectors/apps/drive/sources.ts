import { z } from "zod";
import type { Api, App, Content } from "../../app.js";
import { answered } from "../answered.js";
import { idOfPath, namedPath, requireId } from "../named-path.js";
import { FOLDER, id } from "./call.js";
import { driveQuery } from "./query.js";
import { aFile, fileOf, listFiles, readText } from "./reading.js";

const someFiles = z.object({ files: z.array(aFile).default([]), nextPageToken: z.string().optional() });
const PAGE = 100;
const ENTRIES = 1000;

/** The folders of the account, My Drive first; the search is for the beginning of a word of the name. */
export const sources: App["sources"] = async ({ search, cursor }, api) => {
  const q = driveQuery({ name: search, foldersOnly: true });
  const page = answered(someFiles, await listFiles(api, { q, orderBy: "name", pageSize: PAGE, pageToken: cursor }));
  const root = search === undefined && cursor === undefined ? [{ id: "root", name: "My Drive", kind: "folder" }] : [];
  return {
    data: [...root, ...page.files.map(({ id, name }) => ({ id, name, kind: "folder" }))],
    ...(page.nextPageToken !== undefined && { nextCursor: page.nextPageToken }),
  };
};

/** The entries of a folder, or of a folder or file that was listed in it. */
export const content: App["content"] = async ({ source, path = "" }, api) => {
  const folder = requireId(id, source, "folder");
  if (path === "") return entries(folder, path, api);
  const found = await fileOf(requireId(id, idOfPath(path), "file"), api);
  if (found.mimeType === FOLDER) return entries(found.id, path, api);
  return { kind: "file", path, ...(await readText(found, api)) };
};

async function entries(folder: string, path: string, api: Api): Promise<Content> {
  const query = { q: driveQuery({ folder }), orderBy: "folder,name", pageSize: ENTRIES };
  const page = answered(someFiles, await listFiles(api, query));
  return {
    kind: "folder",
    path,
    entries: page.files.map((one) => ({
      path: namedPath(one.id, one.name),
      kind: one.mimeType === FOLDER ? "folder" : "file",
      ...(one.size !== undefined && { size: one.size }),
    })),
    truncated: page.nextPageToken !== undefined,
  };
}
