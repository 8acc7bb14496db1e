import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calendar } from "../../../src/connectors/apps/calendar.js";
import { drive } from "../../../src/connectors/apps/drive.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { act, apiAt, refusal } from "./acting.js";

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder();
});
afterAll(() => recorder.stop());

describe("a file of Google Drive", () => {
  const APPS = "application/vnd.google-apps";
  const read = (metadata: object, text = "") => {
    recorder.answer(({ path, query }) =>
      path.endsWith("/export") || query.get("alt") === "media"
        ? { body: text, headers: { "content-type": "text/plain" } }
        : { body: { id: "f1", name: "File", ...metadata } },
    );
    return drive.content({ source: "root", path: "f1" }, apiAt(drive, recorder.url));
  };

  it.each([
    ["document", "text/markdown"],
    ["spreadsheet", "text/csv"],
    ["presentation", "text/plain"],
  ])("that is a Google %s is read as %s", async (kind, mimeType) => {
    const found = await read({ mimeType: `${APPS}.${kind}` }, "text");
    expect(found).toMatchObject({ kind: "file", mimeType, text: "text" });
    expect(recorder.arrived.at(-1)?.query.get("mimeType")).toBe(mimeType);
  });

  it.each([
    [{ mimeType: `${APPS}.form` }, "UNSUPPORTED_MEDIA_TYPE"],
    [{ mimeType: `${APPS}.shortcut`, shortcutDetails: { targetId: "f2" } }, "INVALID_INPUT"],
    [{ mimeType: "video/mp4", size: "50000000" }, "PAYLOAD_TOO_LARGE"],
  ])("%j is refused before it is fetched", async (metadata, code) => {
    expect((await refusal(read(metadata))).code).toBe(code);
    expect(recorder.arrived).toHaveLength(1);
  });

  it("that is a Google document comes without the images in it", async () => {
    const text = `# Plan\n\n![][one]\n\n[one]: <data:image/png;base64,${"A".repeat(2 * 1024 * 1024)}>\n`;
    const found = await read({ mimeType: `${APPS}.document`, size: "9000000" }, text);
    expect(found).toMatchObject({ text: "# Plan\n\n![][one]\n\n[one]: <image left out>\n" });
  });

  it("that turns out larger than it says is refused", async () => {
    const large = "x".repeat(1024 * 1024 + 1);
    expect((await refusal(read({ mimeType: "text/plain", size: "1" }, large))).code).toBe("PAYLOAD_TOO_LARGE");
    expect((await refusal(read({ mimeType: `${APPS}.document` }, large))).code).toBe("PAYLOAD_TOO_LARGE");
  });

  it("is asked for by its id alone", async () => {
    const api = apiAt(drive, recorder.url);
    recorder.answer(() => ({ body: {} }));
    for (const input of [{ source: "../about" }, { source: "root", path: "../about" }, { source: "a'b" }]) {
      expect((await refusal(drive.content(input, api))).code).toBe("INVALID_INPUT");
    }
    expect(recorder.arrived).toEqual([]);
  });
});

it("folders of Google Drive say when there are more entries", async () => {
  recorder.answer(() => ({ body: { files: [{ id: "f1", name: "a/b" }], nextPageToken: "c2" } }));
  const api = apiAt(drive, recorder.url);
  expect(await drive.content({ source: "root" }, api)).toMatchObject({
    entries: [{ path: "f1/a b", kind: "file" }],
    truncated: true,
  });
  const page = await drive.sources({ search: "it's", cursor: "c1" }, api);
  expect(page).toEqual({ data: [{ id: "f1", name: "a/b", kind: "folder" }], nextCursor: "c2" });
  const query = recorder.arrived.at(-1)?.query;
  expect([query?.get("pageToken"), query?.get("q")]).toEqual([
    "c1",
    "name contains 'it\\'s' and mimeType = 'application/vnd.google-apps.folder' and trashed = false",
  ]);
});

it.each([
  { with: "user" },
  { with: "anyone", email: "ann@example.test" },
  { with: "domain", email: "ann@example.test" },
  { with: "user", email: "ann@example.test", domain: "example.test" },
])("nothing is shared with an unclear %j", async (whom) => {
  recorder.answer(() => ({ body: {} }));
  const shared = act(drive, "share-file", { file_id: "f1", ...whom }, apiAt(drive, recorder.url));
  expect((await refusal(shared)).code).toBe("INVALID_INPUT");
  expect(recorder.arrived).toEqual([]);
});

describe("an event of Google Calendar", () => {
  it("is read as text with its guests", async () => {
    recorder.answer(() => ({
      body: {
        id: "e1",
        status: "confirmed",
        summary: "Lunch",
        location: "Bar",
        description: "Food",
        start: { dateTime: "2026-03-01T12:00:00+01:00" },
        end: { dateTime: "2026-03-01T13:00:00+01:00" },
        attendees: [{ email: "ben@example.test", responseStatus: "accepted" }],
      },
    }));
    const api = apiAt(calendar, recorder.url);
    expect(await calendar.content({ source: "en#holiday@group.v.calendar.google.com", path: "e1/Lunch" }, api)).toEqual(
      {
        kind: "file",
        path: "e1/Lunch",
        mimeType: "text/markdown",
        size: 148,
        text: [
          "# Lunch",
          "",
          "- When: 2026-03-01T12:00:00+01:00 to 2026-03-01T13:00:00+01:00",
          "- Where: Bar",
          "- Status: confirmed",
          "- Guest: ben@example.test (accepted)",
          "",
          "Food",
          "",
        ].join("\n"),
      },
    );
    expect(recorder.arrived[0]?.path).toBe(
      "/calendar/v3/calendars/en%23holiday%40group.v.calendar.google.com/events/e1",
    );
  });

  it("at a time of day wants to know where", async () => {
    recorder.answer(() => ({ body: {} }));
    const api = apiAt(calendar, recorder.url);
    const event = { title: "Lunch", start: "2026-03-01T12:00:00", end: "2026-03-01T13:00:00" };
    expect((await refusal(act(calendar, "create-event", event, api))).code).toBe("INVALID_INPUT");
    expect(recorder.arrived).toEqual([]);
    await act(calendar, "create-event", { ...event, time_zone: "Europe/Rome" }, api);
    await act(calendar, "create-event", { ...event, start: `${event.start}Z`, end: `${event.end}+01:00` }, api);
    expect(recorder.arrived).toHaveLength(2);
  });

  it("that one is not invited to cannot be answered", async () => {
    recorder.answer(() => ({ body: { etag: "e", attendees: [{ email: "ben@example.test" }] } }));
    const answer = act(
      calendar,
      "respond-to-event",
      { event_id: "e1", response: "accepted" },
      apiAt(calendar, recorder.url),
    );
    expect((await refusal(answer)).code).toBe("INVALID_INPUT");
    expect(recorder.arrived).toHaveLength(1);
  });
});

it("calendars come a page at a time", async () => {
  recorder.answer(() => ({ body: { items: [{ id: "c", summary: "Team" }, { id: "d" }], nextPageToken: "c2" } }));
  const page = await calendar.sources({ search: "team", cursor: "c1" }, apiAt(calendar, recorder.url));
  expect(page).toEqual({ data: [{ id: "c", name: "Team", kind: "calendar" }], nextCursor: "c2" });
  expect(recorder.arrived[0]?.query.get("pageToken")).toBe("c1");
});
