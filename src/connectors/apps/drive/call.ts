import { z } from "zod";
import { type Api, type ApiCall, path } from "../../app.js";
import { line } from "../inputs.js";

/** The id of a file or folder; `root` is the folder My Drive. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
export const name = line.min(1).max(1000);
export const mimeType = z.string().regex(/^[a-z0-9!#$&^_.+-]{1,100}\/[a-z0-9!#$&^_.+-]{1,100}$/i);

export const FOLDER = "application/vnd.google-apps.folder";

/** What is asked of a file; Drive itself would answer little more than its name. */
export const FIELDS =
  "id,name,mimeType,description,size,createdTime,modifiedTime,parents,webViewLink,owners(displayName,emailAddress),shared,starred,trashed,shortcutDetails";

/** Shared drives hold files too, which Drive hides from callers that do not ask. */
export const ALL_DRIVES = { supportsAllDrives: true };

/** A path below one file. */
export function file(id: string, rest = ""): string {
  return path`/drive/v3/files/${id}` + rest;
}

/** A call that answers a file with its {@link FIELDS}. */
export function fileCall(api: Api, call: ApiCall): Promise<unknown> {
  return api.json({ ...call, query: { fields: FIELDS, ...ALL_DRIVES, ...call.query } });
}
