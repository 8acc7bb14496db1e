import { gmail as officialGmail, type gmail_v1 } from "@googleapis/gmail";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gmail } from "../../../src/connectors/apps/gmail.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { type Asked, askedBy, askedByClient } from "./requests.js";

const userId = "me";
const id = "18c2f3a4b5d6e7f8";
const metadata = { userId, format: "metadata" };
const shown = ["From", "To", "Cc", "Subject", "Date"];
const threading = ["Message-ID", "References", "Subject", "From", "Reply-To", "To", "Cc"];
const original = {
  id,
  threadId: "t1",
  payload: {
    headers: [
      { name: "From", value: "Ann <ann@example.test>" },
      { name: "Message-ID", value: "<m1@example.test>" },
    ],
  },
};
const mail = { to: ["ann@example.test"], subject: "Hi", text: "Hello" };

/** An action, its arguments and the same with Google's own client; mails themselves are compared elsewhere. */
interface Row {
  readonly action: string;
  readonly input: object;
  readonly client: (gmail: gmail_v1.Gmail) => Promise<unknown>;
  readonly replies?: readonly unknown[];
}

const rows: Row[] = [
  {
    action: "search-messages",
    input: { query: "from:ann is:unread", labels: ["INBOX", "Label_1"], limit: 2, cursor: "c2" },
    replies: [{ messages: [{ id: "m1" }] }, { id: "m1", threadId: "t1" }],
    client: async (gmail) => {
      await gmail.users.messages.list({
        userId,
        q: "from:ann is:unread",
        labelIds: ["INBOX", "Label_1"],
        includeSpamTrash: false,
        maxResults: 2,
        pageToken: "c2",
      });
      await gmail.users.messages.get({ ...metadata, id: "m1", metadataHeaders: shown });
    },
  },
  {
    action: "get-message",
    input: { message_id: id },
    replies: [original],
    client: (gmail) => gmail.users.messages.get({ userId, id, format: "full" }),
  },
  {
    action: "get-thread",
    input: { thread_id: id },
    replies: [{ id, messages: [original] }],
    client: (gmail) => gmail.users.threads.get({ userId, id, format: "full" }),
  },
  {
    action: "get-attachment",
    input: { message_id: id, attachment_id: "ANGjdJ_-x" },
    replies: [{ data: "aGk", size: 2 }],
    client: (gmail) => gmail.users.messages.attachments.get({ userId, messageId: id, id: "ANGjdJ_-x" }),
  },
  { action: "list-labels", input: {}, client: (gmail) => gmail.users.labels.list({ userId }) },
  {
    action: "list-drafts",
    input: { query: "subject:plan" },
    client: (gmail) => gmail.users.drafts.list({ userId, q: "subject:plan", maxResults: 20 }),
  },
  {
    action: "send-message",
    input: mail,
    client: (gmail) => gmail.users.messages.send({ userId, requestBody: { raw: "RAW" } }),
  },
  {
    action: "create-draft",
    input: mail,
    client: (gmail) => gmail.users.drafts.create({ userId, requestBody: { message: { raw: "RAW" } } }),
  },
  {
    action: "create-draft",
    input: { ...mail, reply_to: id },
    replies: [original, {}],
    client: async (gmail) => {
      await gmail.users.messages.get({ ...metadata, id, metadataHeaders: threading });
      await gmail.users.drafts.create({ userId, requestBody: { message: { raw: "RAW", threadId: "t1" } } });
    },
  },
  {
    action: "send-draft",
    input: { draft_id: "r-123" },
    client: (gmail) => gmail.users.drafts.send({ userId, requestBody: { id: "r-123" } }),
  },
  {
    action: "change-message-labels",
    input: { message_id: id, add: ["STARRED"], remove: ["UNREAD"] },
    client: (gmail) =>
      gmail.users.messages.modify({
        userId,
        id,
        requestBody: { addLabelIds: ["STARRED"], removeLabelIds: ["UNREAD"] },
      }),
  },
  {
    action: "change-thread-labels",
    input: { thread_id: id, remove: ["INBOX"] },
    client: (gmail) =>
      gmail.users.threads.modify({ userId, id, requestBody: { addLabelIds: [], removeLabelIds: ["INBOX"] } }),
  },
  {
    action: "create-label",
    input: { name: "Work/Plans" },
    client: (gmail) =>
      gmail.users.labels.create({
        userId,
        requestBody: { name: "Work/Plans", labelListVisibility: "labelShow", messageListVisibility: "show" },
      }),
  },
  {
    action: "trash-message",
    input: { message_id: id },
    client: (gmail) => gmail.users.messages.trash({ userId, id }),
  },
  {
    action: "restore-message",
    input: { message_id: id },
    client: (gmail) => gmail.users.messages.untrash({ userId, id }),
  },
];

const withoutMail = (asked: readonly Asked[]) =>
  asked.map((one) => JSON.parse(JSON.stringify(one, (name, value) => (name === "raw" ? "RAW" : value))));

let recorder: Recorder;
let client: gmail_v1.Gmail;
beforeAll(async () => {
  recorder = await startRecorder();
  client = officialGmail({ version: "v1", rootUrl: `${recorder.url}/` });
});
afterAll(() => recorder.stop());

it.each(rows)("$action asks for what Google's own client asks for", async ({ client: calls, ...row }) => {
  const theirs = await askedByClient(recorder, () => calls(client), row.replies);
  expect(withoutMail(await askedBy(gmail, recorder, row))).toEqual(withoutMail(theirs));
});

it("replies as Google's own client would, once it knows whose account it is", async () => {
  const replies = [original, { email: "me@example.test" }, {}];
  const asked = await askedBy(gmail, recorder, {
    action: "reply-to-message",
    input: { message_id: id, text: "Yes." },
    replies,
  });
  const theirs = await askedByClient(recorder, async () => {
    await client.users.messages.get({ ...metadata, id, metadataHeaders: threading });
    await client.users.messages.send({ userId, requestBody: { raw: "RAW", threadId: "t1" } });
  });
  const own = asked.filter((one) => one.path !== "/oauth2/v2/userinfo");
  expect(withoutMail(own)).toEqual(withoutMail(theirs));
  expect(asked).toHaveLength(3);
});

it("compares every action", () => {
  const compared = new Set([...rows.map((row) => row.action), "reply-to-message"]);
  expect(compared).toEqual(new Set(gmail.actions.map((action) => action.name)));
});
