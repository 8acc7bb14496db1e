import { drive as officialDrive, type drive_v3 } from "@googleapis/drive";
import { afterAll, beforeAll, expect, it } from "vitest";
import { drive } from "../../../src/connectors/apps/drive.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { askedBy, askedByClient } from "./requests.js";

const FILE =
  "id,name,mimeType,description,size,createdTime,modifiedTime,parents,webViewLink,owners(displayName,emailAddress),shared,starred,trashed,shortcutDetails";
const asFile = { fields: FILE, supportsAllDrives: true };
const asList = {
  fields: `nextPageToken,incompleteSearch,files(${FILE})`,
  supportsAllDrives: true,
  includeItemsFromAllDrives: true,
};
const PERMISSION = "id,type,role,emailAddress,domain,displayName";
const COMMENT = "id,content,createdTime,modifiedTime,resolved,author(displayName),quotedFileContent(value)";
const REPLY = "id,content,createdTime,action,author(displayName)";
const fileId = "1AbC_d-E";

/** An action, its arguments and the same with Google's own client. */
interface Row {
  readonly action: string;
  readonly input: object;
  readonly client: (drive: drive_v3.Drive) => Promise<unknown>;
  readonly replies?: readonly unknown[];
}

const rows: Row[] = [
  {
    action: "search-files",
    input: { words: "it's \\ here", mime_type: "application/pdf", modified_after: "2026-03-01T09:00:00Z", limit: 5 },
    client: (drive) =>
      drive.files.list({
        ...asList,
        q: "fullText contains 'it\\'s \\\\ here' and mimeType = 'application/pdf' and modifiedTime > '2026-03-01T09:00:00Z' and trashed = false",
        pageSize: 5,
      }),
  },
  {
    action: "search-files",
    input: { name: "plan", folder_id: fileId, trashed: true, cursor: "c2" },
    client: (drive) =>
      drive.files.list({
        ...asList,
        q: `name contains 'plan' and '${fileId}' in parents and trashed = true`,
        orderBy: "modifiedTime desc",
        pageSize: 25,
        pageToken: "c2",
      }),
  },
  {
    action: "list-folder",
    input: {},
    client: (drive) =>
      drive.files.list({
        ...asList,
        q: "'root' in parents and trashed = false",
        orderBy: "folder,name",
        pageSize: 100,
      }),
  },
  { action: "get-file", input: { file_id: fileId }, client: (drive) => drive.files.get({ ...asFile, fileId }) },
  {
    action: "read-file",
    input: { file_id: fileId },
    replies: [{ id: fileId, name: "a.txt", mimeType: "text/plain", size: "2" }, {}],
    client: async (drive) => {
      await drive.files.get({ ...asFile, fileId });
      await drive.files.get({ fileId, alt: "media", supportsAllDrives: true });
    },
  },
  {
    action: "read-file",
    input: { file_id: fileId },
    replies: [{ id: fileId, name: "Plan", mimeType: "application/vnd.google-apps.document" }, {}],
    client: async (drive) => {
      await drive.files.get({ ...asFile, fileId });
      await drive.files.export({ fileId, mimeType: "text/markdown" });
    },
  },
  {
    action: "export-file",
    input: { file_id: fileId, format: "pdf" },
    client: (drive) => drive.files.export({ fileId, mimeType: "application/pdf" }),
  },
  {
    action: "create-file",
    input: { name: "Grüße.md", folder_id: fileId, mime_type: "text/markdown", content: "# Grüße" },
    client: (drive) =>
      drive.files.create({
        ...asFile,
        requestBody: { name: "Grüße.md", parents: [fileId], mimeType: "text/markdown" },
        media: { mimeType: "text/markdown", body: "# Grüße" },
      }),
  },
  {
    action: "create-file",
    input: { name: "Table", mime_type: "text/csv", content: "YSxi", encoding: "base64", convert_to: "spreadsheet" },
    client: (drive) =>
      drive.files.create({
        ...asFile,
        requestBody: { name: "Table", parents: ["root"], mimeType: "application/vnd.google-apps.spreadsheet" },
        media: { mimeType: "text/csv", body: "a,b" },
      }),
  },
  {
    action: "write-file",
    input: { file_id: fileId, content: "new" },
    client: (drive) =>
      drive.files.update({ ...asFile, fileId, requestBody: {}, media: { mimeType: "text/plain", body: "new" } }),
  },
  {
    action: "create-folder",
    input: { name: "Plans" },
    client: (drive) =>
      drive.files.create({
        ...asFile,
        requestBody: { name: "Plans", mimeType: "application/vnd.google-apps.folder", parents: ["root"] },
      }),
  },
  {
    action: "update-file",
    input: { file_id: fileId, name: "New", starred: true },
    client: (drive) => drive.files.update({ ...asFile, fileId, requestBody: { name: "New", starred: true } }),
  },
  {
    action: "move-file",
    input: { file_id: fileId, folder_id: "to" },
    replies: [{ parents: ["a", "b"] }, {}],
    client: async (drive) => {
      await drive.files.get({ fileId, fields: "parents", supportsAllDrives: true });
      await drive.files.update({ ...asFile, fileId, addParents: "to", removeParents: "a,b", requestBody: {} });
    },
  },
  {
    action: "copy-file",
    input: { file_id: fileId, name: "Copy", folder_id: "to" },
    client: (drive) => drive.files.copy({ ...asFile, fileId, requestBody: { name: "Copy", parents: ["to"] } }),
  },
  {
    action: "trash-file",
    input: { file_id: fileId },
    client: (drive) => drive.files.update({ ...asFile, fileId, requestBody: { trashed: true } }),
  },
  {
    action: "restore-file",
    input: { file_id: fileId },
    client: (drive) => drive.files.update({ ...asFile, fileId, requestBody: { trashed: false } }),
  },
  {
    action: "list-permissions",
    input: { file_id: fileId },
    client: (drive) =>
      drive.permissions.list({
        fileId,
        fields: `nextPageToken,permissions(${PERMISSION})`,
        supportsAllDrives: true,
        pageSize: 50,
      }),
  },
  {
    action: "share-file",
    input: { file_id: fileId, with: "user", email: "ann@example.test", role: "writer", notify: true, message: "Look" },
    client: (drive) =>
      drive.permissions.create({
        fileId,
        fields: PERMISSION,
        supportsAllDrives: true,
        sendNotificationEmail: true,
        emailMessage: "Look",
        requestBody: { type: "user", role: "writer", emailAddress: "ann@example.test" },
      }),
  },
  {
    action: "share-file",
    input: { file_id: fileId, with: "anyone" },
    client: (drive) =>
      drive.permissions.create({
        fileId,
        fields: PERMISSION,
        supportsAllDrives: true,
        requestBody: { type: "anyone", role: "reader" },
      }),
  },
  {
    action: "stop-sharing",
    input: { file_id: fileId, permission_id: "anyoneWithLink" },
    client: (drive) => drive.permissions.delete({ fileId, permissionId: "anyoneWithLink", supportsAllDrives: true }),
  },
  {
    action: "list-comments",
    input: { file_id: fileId },
    client: (drive) =>
      drive.comments.list({
        fileId,
        fields: `nextPageToken,comments(${COMMENT},replies(${REPLY}))`,
        pageSize: 20,
      }),
  },
  {
    action: "create-comment",
    input: { file_id: fileId, content: "Nice." },
    client: (drive) => drive.comments.create({ fileId, fields: COMMENT, requestBody: { content: "Nice." } }),
  },
  {
    action: "reply-to-comment",
    input: { file_id: fileId, comment_id: "AAA", content: "Done.", then: "resolve" },
    client: (drive) =>
      drive.replies.create({
        fileId,
        commentId: "AAA",
        fields: REPLY,
        requestBody: { content: "Done.", action: "resolve" },
      }),
  },
];

let recorder: Recorder;
let client: drive_v3.Drive;
beforeAll(async () => {
  recorder = await startRecorder();
  // Its address for uploads is fixed.
  const fetchImplementation: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return fetch(recorder.url + url.pathname + url.search, init);
  };
  client = officialDrive({ version: "v3", fetchImplementation });
});
afterAll(() => recorder.stop());

it.each(rows)("$action asks for what Google's own client asks for", async ({ client: calls, ...row }) => {
  const theirs = await askedByClient(recorder, () => calls(client), row.replies);
  expect(await askedBy(drive, recorder, row)).toEqual(theirs);
});

it("compares every action", () => {
  expect(new Set(rows.map((row) => row.action))).toEqual(new Set(drive.actions.map((action) => action.name)));
});
