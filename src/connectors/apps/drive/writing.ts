import { z } from "zod";
import { action } from "../../app.js";
import { answered } from "../answered.js";
import { decodedFile } from "../text.js";
import { ALL_DRIVES, file, fileCall, FOLDER, id, mimeType, name } from "./call.js";
import { upload } from "./upload.js";

const content = {
  content: z.string().max(4_000_000),
  encoding: z.enum(["text", "base64"]).default("text").describe("how content is given"),
};
const folder = id.default("root").describe("root is My Drive");

export const writing = [
  action({
    name: "create-file",
    title: "Create a file",
    description: "Puts a new file into a folder, as it is or turned into a Google Doc, Sheet or Slides.",
    effect: "write",
    input: z.strictObject({
      name,
      folder_id: folder,
      mime_type: mimeType.default("text/plain").describe("of the content"),
      ...content,
      convert_to: z
        .enum(["document", "spreadsheet", "presentation"])
        .optional()
        .describe("Google's own kind: Markdown, HTML or text into a document, CSV into a spreadsheet"),
    }),
    run: ({ name, folder_id, mime_type, convert_to, ...given }, api) =>
      upload(api, {
        metadata: {
          name,
          parents: [folder_id],
          mimeType: convert_to === undefined ? mime_type : `application/vnd.google-apps.${convert_to}`,
        },
        mimeType: mime_type,
        content: decodedFile(given),
      }),
  }),
  action({
    name: "write-file",
    title: "Replace a file's content",
    description: "Writes new content into a file; Drive keeps the one before among its versions.",
    effect: "write",
    input: z.strictObject({ file_id: id, mime_type: mimeType.default("text/plain"), ...content }),
    run: ({ file_id, mime_type, ...given }, api) =>
      upload(api, { id: file_id, metadata: {}, mimeType: mime_type, content: decodedFile(given) }),
  }),
  action({
    name: "create-folder",
    title: "Create a folder",
    description: "Makes a folder in another one.",
    effect: "write",
    input: z.strictObject({ name, folder_id: folder }),
    run: ({ name, folder_id }, api) =>
      fileCall(api, {
        method: "POST",
        path: "/drive/v3/files",
        body: { name, mimeType: FOLDER, parents: [folder_id] },
      }),
  }),
  action({
    name: "update-file",
    title: "Rename or describe a file",
    description: "Changes name, description or star of a file or folder.",
    effect: "write",
    input: z.strictObject({
      file_id: id,
      name: name.optional(),
      description: z.string().max(10_000).optional(),
      starred: z.boolean().optional(),
    }),
    run: ({ file_id, ...body }, api) => fileCall(api, { method: "PATCH", path: file(file_id), body }),
  }),
  action({
    name: "move-file",
    title: "Move a file",
    description: "Takes a file or folder out of its folder and puts it into another.",
    effect: "write",
    input: z.strictObject({ file_id: id, folder_id: id.describe("where to; root is My Drive") }),
    async run({ file_id, folder_id }, api) {
      const answer = await api.json({ path: file(file_id), query: { fields: "parents", ...ALL_DRIVES } });
      const { parents } = answered(z.object({ parents: z.array(z.string()).default([]) }), answer);
      const query = { addParents: folder_id, removeParents: parents.length > 0 ? parents.join(",") : undefined };
      return fileCall(api, { method: "PATCH", path: file(file_id), query, body: {} });
    },
  }),
  action({
    name: "copy-file",
    title: "Copy a file",
    description: "Makes a copy of a file, in the same folder unless another is given.",
    effect: "write",
    input: z.strictObject({ file_id: id, name: name.optional(), folder_id: id.optional() }),
    run: ({ file_id, name, folder_id }, api) =>
      fileCall(api, {
        method: "POST",
        path: file(file_id, "/copy"),
        body: { name, parents: folder_id === undefined ? undefined : [folder_id] },
      }),
  }),
  action({
    name: "trash-file",
    title: "Move a file to the trash",
    description:
      "Puts a file or a folder with all that lies in it into the trash, where Drive deletes it after 30 days.",
    effect: "destroy",
    input: z.strictObject({ file_id: id }),
    run: ({ file_id }, api) => fileCall(api, { method: "PATCH", path: file(file_id), body: { trashed: true } }),
  }),
  action({
    name: "restore-file",
    title: "Take a file out of the trash",
    description: "Brings back a file or folder that lies in the trash.",
    effect: "write",
    input: z.strictObject({ file_id: id }),
    run: ({ file_id }, api) => fileCall(api, { method: "PATCH", path: file(file_id), body: { trashed: false } }),
  }),
];
