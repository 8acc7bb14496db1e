import { z } from "zod";
import { AppError } from "../../../core/errors.js";
import { action, path } from "../../app.js";
import { cursorPaging, email } from "../inputs.js";
import { ALL_DRIVES, file, id } from "./call.js";

const PERMISSION = "id,type,role,emailAddress,domain,displayName";
const COMMENT = "id,content,createdTime,modifiedTime,resolved,author(displayName),quotedFileContent(value)";
const REPLY = "id,content,createdTime,action,author(displayName)";
const COMMENTS = `${COMMENT},replies(${REPLY})`;
const text = z.string().min(1).max(4096);

export const sharing = [
  action({
    name: "list-permissions",
    title: "List who has access",
    description: "Who may see or change a file or folder, each with the id that stop-sharing takes.",
    effect: "read",
    input: z.strictObject({ file_id: id, ...cursorPaging(100, 50) }),
    run: ({ file_id, limit, cursor }, api) =>
      api.json({
        path: file(file_id, "/permissions"),
        query: {
          fields: `nextPageToken,permissions(${PERMISSION})`,
          ...ALL_DRIVES,
          pageSize: limit,
          pageToken: cursor,
        },
      }),
  }),
  action({
    name: "share-file",
    title: "Share a file",
    description:
      "Lets a person, a group, a whole domain or anyone with the link see, comment or change a file or folder.",
    effect: "write",
    input: z.strictObject({
      file_id: id,
      with: z.enum(["user", "group", "domain", "anyone"]).describe("anyone is whoever has the link"),
      email: email.optional().describe("of the user or group"),
      domain: z
        .string()
        .regex(/^[^\s/@]{1,253}$/)
        .optional()
        .describe("such as example.com, for with: domain"),
      role: z.enum(["reader", "commenter", "writer"]).default("reader"),
      notify: z.boolean().default(false).describe("mail the user or group"),
      message: z.string().max(2000).optional().describe("text of that mail"),
    }),
    async run({ file_id, with: type, email, domain, role, notify, message }, api) {
      const personal = type === "user" || type === "group";
      if (personal !== (email !== undefined) || (type === "domain") !== (domain !== undefined)) {
        throw new AppError(
          "INVALID_INPUT",
          "Give email for a user or group, domain for a domain, and neither for anyone.",
        );
      }
      return api.json({
        method: "POST",
        path: file(file_id, "/permissions"),
        query: {
          fields: PERMISSION,
          ...ALL_DRIVES,
          ...(personal && { sendNotificationEmail: notify, emailMessage: notify ? message : undefined }),
        },
        body: { type, role, emailAddress: email, domain },
      });
    },
  }),
  action({
    name: "stop-sharing",
    title: "Take access away",
    description: "Takes the access to a file or folder away from one of those that list-permissions shows.",
    effect: "destroy",
    input: z.strictObject({ file_id: id, permission_id: id }),
    async run({ file_id, permission_id }, api) {
      const where = file(file_id, path`/permissions/${permission_id}`);
      await api.json({ method: "DELETE", path: where, query: ALL_DRIVES });
      return { file_id, permission_id, deleted: true };
    },
  }),
  action({
    name: "list-comments",
    title: "List comments",
    description: "Comments on a file with their answers and the words they stand at.",
    effect: "read",
    input: z.strictObject({ file_id: id, ...cursorPaging(100, 20) }),
    run: ({ file_id, limit, cursor }, api) =>
      api.json({
        path: file(file_id, "/comments"),
        query: { fields: `nextPageToken,comments(${COMMENTS})`, pageSize: limit, pageToken: cursor },
      }),
  }),
  action({
    name: "create-comment",
    title: "Comment on a file",
    description: "Adds a comment to a file as a whole.",
    effect: "write",
    input: z.strictObject({ file_id: id, content: text }),
    run: ({ file_id, content }, api) =>
      api.json({
        method: "POST",
        path: file(file_id, "/comments"),
        query: { fields: COMMENT },
        body: { content },
      }),
  }),
  action({
    name: "reply-to-comment",
    title: "Answer a comment",
    description: "Answers a comment on a file, and settles or reopens it where asked to.",
    effect: "write",
    input: z.strictObject({
      file_id: id,
      comment_id: id,
      content: text,
      then: z.enum(["resolve", "reopen"]).optional().describe("leave out to only answer"),
    }),
    run: ({ file_id, comment_id, content, then }, api) =>
      api.json({
        method: "POST",
        path: file(file_id, path`/comments/${comment_id}/replies`),
        query: { fields: REPLY },
        body: { content, action: then },
      }),
  }),
];
