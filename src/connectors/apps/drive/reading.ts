import { z } from "zod";
import { AppError, quote } from "../../../core/errors.js";
import { action, type Api, type Query } from "../../app.js";
import { answered } from "../answered.js";
import { cursorPaging, moment } from "../inputs.js";
import { encodedFile, fileText, requireTextSize, TEXT_LIMIT } from "../text.js";
import { ALL_DRIVES, FIELDS, file, fileCall, FOLDER, id, mimeType } from "./call.js";
import { driveQuery } from "./query.js";

export const aFile = z.object({
  id: z.string(),
  name: z.string().default(""),
  mimeType: z.string().default(""),
  size: z.coerce.number().optional(),
  shortcutDetails: z.object({ targetId: z.string() }).optional(),
});
export type DriveFile = z.output<typeof aFile>;

/** Google's own documents have no bytes: this is what they are read as. */
const READ_AS: Readonly<Record<string, string>> = {
  "application/vnd.google-apps.document": "text/markdown",
  "application/vnd.google-apps.spreadsheet": "text/csv",
  "application/vnd.google-apps.presentation": "text/plain",
  "application/vnd.google-apps.script": "application/vnd.google-apps.script+json",
};

/** A page of files that fit a query of Drive's search language. */
export function listFiles(api: Api, query: Query): Promise<unknown> {
  return api.json({
    path: "/drive/v3/files",
    query: {
      fields: `nextPageToken,incompleteSearch,files(${FIELDS})`,
      includeItemsFromAllDrives: true,
      ...ALL_DRIVES,
      ...query,
    },
  });
}

/** What Drive knows of a file. */
export async function fileOf(id: string, api: Api): Promise<DriveFile> {
  return answered(aFile, await fileCall(api, { path: file(id) }));
}

/** A file's text; Google's own documents as Markdown, CSV or plain text. */
export async function readText(found: DriveFile, api: Api) {
  const { id, name, mimeType } = found;
  if (found.shortcutDetails) {
    const target = quote(found.shortcutDetails.targetId);
    throw new AppError("INVALID_INPUT", `${quote(name)} is a shortcut; read the file that it leads to, ${target}.`);
  }
  const as = Object.hasOwn(READ_AS, mimeType) ? READ_AS[mimeType] : undefined;
  if (as === undefined && mimeType.startsWith("application/vnd.google-apps.")) {
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `${quote(name)} is a ${quote(mimeType)}, which cannot be read as text.`,
    );
  }
  if (as === undefined) requireTextSize(name, found.size ?? 0);
  const { content } = await (as === undefined
    ? api.bytes({ path: file(id), query: { alt: "media", ...ALL_DRIVES }, maxBytes: TEXT_LIMIT })
    : api.bytes({ path: file(id, "/export"), query: { mimeType: as }, maxBytes: EXPORT_LIMIT }));
  const text = fileText(name, as === "text/markdown" ? withoutImages(content) : content);
  return { mimeType: as ?? mimeType, size: Buffer.byteLength(text), text };
}

/** Google exports no more than this. */
const EXPORT_LIMIT = 10 * 1024 * 1024;

/** A document as Markdown has its pictures in it, base64 and all. */
function withoutImages(content: Uint8Array): Uint8Array {
  return Buffer.from(
    Buffer.from(content)
      .toString()
      .replaceAll(/<data:image\/[^<>]*>/g, "<image left out>"),
  );
}

export const reading = [
  action({
    name: "search-files",
    title: "Search files",
    description:
      "Files and folders that the account sees, by words in them, by name, folder, type or date of change; last changed first.",
    effect: "read",
    input: z.strictObject({
      words: z.string().min(1).max(500).optional().describe("words in name or text"),
      name: z.string().min(1).max(500).optional().describe("how a word of the name begins"),
      folder_id: id.optional().describe("only what lies right in this folder; root is My Drive"),
      mime_type: mimeType.optional().describe(`such as application/pdf; folders are ${FOLDER}`),
      modified_after: moment.optional(),
      trashed: z.boolean().default(false).describe("look in the trash"),
      ...cursorPaging(200, 25),
    }),
    run: ({ words, name, folder_id, mime_type, modified_after, trashed, limit, cursor }, api) =>
      listFiles(api, {
        q: driveQuery({ words, name, folder: folder_id, mimeType: mime_type, modifiedAfter: modified_after, trashed }),
        // Drive sorts a search for words by how well they fit and refuses another order.
        orderBy: words === undefined ? "modifiedTime desc" : undefined,
        pageSize: limit,
        pageToken: cursor,
      }),
  }),
  action({
    name: "list-folder",
    title: "List a folder",
    description: "What lies in a folder: its folders first, then its files, by name.",
    effect: "read",
    input: z.strictObject({ folder_id: id.default("root").describe("root is My Drive"), ...cursorPaging(200, 100) }),
    run: ({ folder_id, limit, cursor }, api) =>
      listFiles(api, {
        q: driveQuery({ folder: folder_id }),
        orderBy: "folder,name",
        pageSize: limit,
        pageToken: cursor,
      }),
  }),
  action({
    name: "get-file",
    title: "Get a file's details",
    description: "Name, type, size, dates, owners and place of a file or folder, without its content.",
    effect: "read",
    input: z.strictObject({ file_id: id }),
    run: ({ file_id }, api) => fileCall(api, { path: file(file_id) }),
  }),
  action({
    name: "read-file",
    title: "Read a file",
    description:
      "The text of a file up to 1 MiB. Google Docs come as Markdown, the first sheet of Google Sheets as CSV, Slides as plain text; export-file has other formats.",
    effect: "read",
    input: z.strictObject({ file_id: id }),
    async run({ file_id }, api) {
      const found = await fileOf(file_id, api);
      const { mimeType, size, text } = await readText(found, api);
      return { id: found.id, name: found.name, mime_type: mimeType, size, text };
    },
  }),
  action({
    name: "export-file",
    title: "Export a Google document",
    description:
      "A Google Doc, Sheet or Slides in a format of choice, up to 1 MiB: text as it is, anything else in base64.",
    effect: "read",
    input: z.strictObject({
      file_id: id,
      format: z
        .enum(["pdf", "docx", "xlsx", "pptx", "odt", "txt", "md", "html", "csv", "tsv"])
        .describe("one that the kind of document has"),
    }),
    async run({ file_id, format }, api) {
      const query = { mimeType: EXPORTS[format] };
      const { content } = await api.bytes({ path: file(file_id, "/export"), query, maxBytes: TEXT_LIMIT });
      return { mime_type: EXPORTS[format], size: content.byteLength, ...encodedFile("The export", content) };
    },
  }),
];

const OFFICE = "application/vnd.openxmlformats-officedocument";
const EXPORTS = {
  pdf: "application/pdf",
  docx: `${OFFICE}.wordprocessingml.document`,
  xlsx: `${OFFICE}.spreadsheetml.sheet`,
  pptx: `${OFFICE}.presentationml.presentation`,
  odt: "application/vnd.oasis.opendocument.text",
  txt: "text/plain",
  md: "text/markdown",
  html: "text/html",
  csv: "text/csv",
  tsv: "text/tab-separated-values",
};
