import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../../../src/connectors/app.js";
import { calendar } from "../../../src/connectors/apps/calendar.js";
import { drive } from "../../../src/connectors/apps/drive.js";
import { gmail } from "../../../src/connectors/apps/gmail.js";
import { startEmulator } from "../../support/emulate.js";
import type { Listening } from "../../support/listening.js";
import { act, apiAt, each, refusal } from "./acting.js";

const user_email = "ann@example.test";
const FOLDER = "application/vnd.google-apps.folder";

let emulator: Listening;
beforeAll(async () => {
  emulator = await startEmulator("google", {
    users: [{ email: user_email, name: "Ann" }],
    labels: [{ id: "Label_plans", user_email, name: "Plans" }],
    messages: ["msg_lunch", "msg_other"].map((id) => ({
      id,
      user_email,
      thread_id: `thr_${id}`,
      from: "Ben <ben@example.test>",
      to: user_email,
      subject: id === "msg_lunch" ? "Lunch?" : "Other",
      body_text: "At noon?",
      label_ids: ["INBOX", "UNREAD"],
      date: "2026-03-01T09:00:00Z",
    })),
    calendars: [{ id: "cal_team", user_email, summary: "Team" }],
    calendar_events: [
      {
        id: "evt_far",
        user_email,
        calendar_id: "cal_team",
        summary: "Far off",
        start_date_time: "2099-03-01T09:00:00Z",
        end_date_time: "2099-03-01T10:00:00Z",
      },
    ],
    drive_items: [
      { id: "drv_plans", user_email, name: "Plans", mime_type: FOLDER, parent_ids: ["root"] },
      {
        id: "drv_note",
        user_email,
        name: "note.md",
        mime_type: "text/markdown",
        parent_ids: ["drv_plans"],
        data: "# N",
      },
    ],
  });
});
afterAll(() => emulator.stop());

const run = (app: App, name: string, input: object = {}) => act(app, name, input, apiAt(app, emulator.url));

it.each([gmail, calendar, drive])("$title knows whose account it is", async (app) => {
  expect(await app.account(apiAt(app, emulator.url))).toBe(user_email);
});

describe("Gmail", () => {
  it("finds, reads and files a message", async () => {
    const found = await run(gmail, "search-messages", { query: "from:ben subject:lunch", labels: ["INBOX"] });
    expect(found.messages).toMatchObject([{ id: "msg_lunch", from: "Ben <ben@example.test>", subject: "Lunch?" }]);
    expect(await run(gmail, "get-message", { message_id: "msg_lunch" })).toMatchObject({
      subject: "Lunch?",
      text: "At noon?",
      date: "2026-03-01T09:00:00.000Z",
    });
    const marked = await run(gmail, "change-message-labels", {
      message_id: "msg_lunch",
      add: ["STARRED", "Label_plans"],
      remove: ["UNREAD"],
    });
    expect(marked.labelIds.sort()).toEqual(["INBOX", "Label_plans", "STARRED"]);
  });

  it("sends text, HTML and a file, and reads them back", async () => {
    const sent = await run(gmail, "send-message", {
      to: ["ben@example.test"],
      subject: "Plans",
      text: "Grüße",
      html: "<p>Grüße</p>",
      attachments: [{ name: "plan.txt", mime_type: "text/plain", content: "dig" }],
    });
    const read = await run(gmail, "get-message", { message_id: sent.id });
    expect(read).toMatchObject({ from: user_email, to: "ben@example.test", text: "Grüße", labels: ["SENT"] });
    const [{ attachment_id, name }] = read.attachments;
    expect(name).toBe("plan.txt");
    const file = await run(gmail, "get-attachment", { message_id: sent.id, attachment_id });
    expect(file).toEqual({ size: 3, encoding: "text", content: "dig" });
  });

  it("replies within the conversation", async () => {
    await run(gmail, "reply-to-message", { message_id: "msg_lunch", text: "Yes." });
    const thread = await run(gmail, "get-thread", { thread_id: "thr_msg_lunch" });
    expect(each(thread.messages, "subject")).toEqual(["Lunch?", "Re: Lunch?"]);
    expect(thread.messages[1]).toMatchObject({ to: "ben@example.test", text: "Yes." });
    const filed = await run(gmail, "change-thread-labels", { thread_id: "thr_msg_lunch", remove: ["INBOX"] });
    expect(filed.messages[0].labelIds).not.toContain("INBOX");
  });

  it("keeps a draft until it is sent", async () => {
    const draft = await run(gmail, "create-draft", {
      to: ["ben@example.test"],
      subject: "Re: Other",
      text: "Soon.",
      reply_to: "msg_other",
    });
    expect(draft.message).toMatchObject({ threadId: "thr_msg_other", labelIds: ["DRAFT"] });
    expect((await run(gmail, "list-drafts")).drafts).toMatchObject([{ id: draft.id }]);
    expect(await run(gmail, "send-draft", { draft_id: draft.id })).toMatchObject({ labelIds: ["SENT"] });
    expect((await run(gmail, "list-drafts")).drafts ?? []).toEqual([]);
  });

  it("moves a message to the trash and back", async () => {
    const message_id = "msg_other";
    expect((await run(gmail, "trash-message", { message_id })).labelIds).toContain("TRASH");
    expect((await run(gmail, "restore-message", { message_id })).labelIds).not.toContain("TRASH");
  });

  it("has labels as sources, and their messages as content", async () => {
    await run(gmail, "create-label", { name: "Plans/New" });
    const names = each((await run(gmail, "list-labels")).labels, "name");
    expect(names).toEqual(expect.arrayContaining(["INBOX", "Plans", "Plans/New"]));
    const api = apiAt(gmail, emulator.url);
    const { data } = await gmail.sources({ search: "PLANS" }, api);
    expect(data.map((source) => source.name).sort()).toEqual(["Plans", "Plans/New"]);
    const path = "msg_lunch/Lunch?";
    expect(await gmail.content({ source: "Label_plans" }, api)).toEqual({
      kind: "folder",
      path: "",
      entries: [{ path, kind: "file" }],
      truncated: false,
    });
    const read = await gmail.content({ source: "Label_plans", path }, api);
    expect(read).toMatchObject({ kind: "file", text: expect.stringMatching(/^from: Ben .*\n(.*\n)*\nAt noon\?$/) });
    expect((await refusal(gmail.content({ source: "INBOX", path: "msg_none" }, api))).code).toBe("NOT_FOUND");
  });
});

describe("Google Calendar", () => {
  const inTeam = { calendar: "cal_team" };
  const titles = async (input: object = {}) => {
    const { items } = await run(calendar, "list-events", { ...inTeam, ...input });
    return each(items, "summary");
  };

  it("puts an event in, finds it and takes it out", async () => {
    expect((await run(calendar, "list-calendars")).items).toMatchObject([{ id: "cal_team", summary: "Team" }]);
    const event = await run(calendar, "create-event", {
      ...inTeam,
      title: "Lunch",
      start: "2099-03-02T09:00:00Z",
      end: "2099-03-02T10:00:00Z",
      attendees: ["ben@example.test"],
    });
    expect(event.attendees).toMatchObject([{ email: "ben@example.test" }]);
    expect(await titles()).toEqual(["Far off", "Lunch"]);
    expect(await titles({ query: "lunch" })).toEqual(["Lunch"]);
    expect(await titles({ to: "2099-03-02T00:00:00Z" })).toEqual(["Far off"]);
    const busy = await run(calendar, "find-busy-times", {
      from: "2099-03-02T00:00:00Z",
      to: "2099-03-03T00:00:00Z",
      calendars: ["cal_team"],
    });
    expect(busy.calendars.cal_team.busy).toEqual([{ start: "2099-03-02T09:00:00Z", end: "2099-03-02T10:00:00Z" }]);
    const deleted = await run(calendar, "delete-event", { ...inTeam, event_id: event.id });
    expect(deleted).toEqual({ event_id: event.id, deleted: true });
    expect(await titles()).toEqual(["Far off"]);
  });

  it("takes days for whole days, and not half a day", async () => {
    const days = { ...inTeam, title: "Off", start: "2099-04-01", end: "2099-04-03" };
    const event = await run(calendar, "create-event", days);
    expect([event.start.date, event.end.date]).toEqual(["2099-04-01", "2099-04-03"]);
    await run(calendar, "delete-event", { ...inTeam, event_id: event.id });
    const mixed = run(calendar, "create-event", { ...days, end: "2099-04-03T10:00:00Z" });
    expect((await refusal(mixed)).code).toBe("INVALID_INPUT");
  });

  it("has calendars as sources, and what is to come as content", async () => {
    const api = apiAt(calendar, emulator.url);
    expect(await calendar.sources({ search: "te" }, api)).toEqual({
      data: [{ id: "cal_team", name: "Team", kind: "calendar" }],
    });
    expect(await calendar.content({ source: "cal_team" }, api)).toEqual({
      kind: "folder",
      path: "",
      entries: [{ path: "evt_far/2099-03-01T09:00:00Z Far off", kind: "file" }],
      truncated: false,
    });
    expect((await refusal(calendar.content({ source: "../x" }, api))).code).toBe("INVALID_INPUT");
  });
});

describe("Google Drive", () => {
  const names = (answer: { files: Record<string, unknown>[] }) => each(answer.files, "name");

  it("makes, finds, reads, renames and moves files", async () => {
    const folder = await run(drive, "create-folder", { name: "New" });
    const file = await run(drive, "create-file", {
      name: "hello.md",
      folder_id: folder.id,
      mime_type: "text/markdown",
      content: "# Grüße\r\n--x\r\n",
    });
    expect(file).toMatchObject({ name: "hello.md", parents: [folder.id], mimeType: "text/markdown" });
    const read = await run(drive, "read-file", { file_id: file.id });
    expect(read).toMatchObject({ name: "hello.md", text: "# Grüße\r\n--x\r\n" });
    expect(names(await run(drive, "list-folder", { folder_id: folder.id }))).toEqual(["hello.md"]);
    expect(names(await run(drive, "search-files", { mime_type: "text/markdown" }))).toContain("hello.md");
    expect(await run(drive, "update-file", { file_id: file.id, name: "hi.md" })).toMatchObject({ name: "hi.md" });
    const moved = await run(drive, "move-file", { file_id: file.id, folder_id: "drv_plans" });
    expect(moved.parents).toEqual(["drv_plans"]);
    expect(await run(drive, "get-file", { file_id: file.id })).toMatchObject({ name: "hi.md", parents: ["drv_plans"] });
  });

  it("takes a file of bytes as they are, and does not read it as text", async () => {
    const file = { name: "b.bin", mime_type: "application/octet-stream", content: "AAEC/w==", encoding: "base64" };
    const made = await run(drive, "create-file", file);
    expect(made.size).toBe("4");
    expect((await refusal(run(drive, "read-file", { file_id: made.id }))).code).toBe("UNSUPPORTED_MEDIA_TYPE");
  });

  it("has folders as sources, and what lies in them as content", async () => {
    const api = apiAt(drive, emulator.url);
    const { data } = await drive.sources({}, api);
    expect(data[0]).toEqual({ id: "root", name: "My Drive", kind: "folder" });
    expect(data).toContainEqual({ id: "drv_plans", name: "Plans", kind: "folder" });
    const root = await drive.content({ source: "root" }, api);
    expect(root.kind === "folder" && root.entries).toContainEqual({ path: "drv_plans/Plans", kind: "folder" });
    const path = "drv_note/note.md";
    const plans = await drive.content({ source: "root", path: "drv_plans/Plans" }, api);
    expect(plans.kind === "folder" && plans.entries).toContainEqual({ path, kind: "file", size: 3 });
    expect(await drive.content({ source: "drv_plans", path }, api)).toEqual({
      kind: "file",
      path,
      mimeType: "text/markdown",
      size: 3,
      text: "# N",
    });
  });
});
