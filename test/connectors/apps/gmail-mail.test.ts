import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../../../src/connectors/app.js";
import { gmail } from "../../../src/connectors/apps/gmail.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { act, apiAt, each, refusal } from "./acting.js";

let recorder: Recorder;
let api: Api;
beforeAll(async () => {
  recorder = await startRecorder();
  api = apiAt(gmail, recorder.url);
});
afterAll(() => recorder.stop());

const to = ["ann@example.test"];

/** The mail that an action hands to Gmail, its headers unfolded. */
async function written(action: string, input: object) {
  await act(gmail, action, input, api);
  const { raw } = JSON.parse(recorder.arrived.at(-1)?.bytes.toString() ?? "{}");
  expect(raw).toMatch(/^[A-Za-z0-9_-]+$/);
  const mail = Buffer.from(raw, "base64url").toString("latin1");
  const end = mail.indexOf("\r\n\r\n");
  const head = mail.slice(0, end);
  const headers = head
    .replaceAll(/\r\n[ \t]+/g, " ")
    .split("\r\n")
    .map((line) => line.split(/: ?(.*)/s, 2));
  return { mail, head, headers: Object.fromEntries(headers.map(([name, value]) => [name?.toLowerCase(), value])) };
}

/** Encoded words as text, after RFC 2047. */
function unencoded(header: string): string {
  const words = [...header.matchAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi)];
  const bytes = words.map(([, kind, text = ""]) =>
    kind?.toLowerCase() === "b"
      ? Buffer.from(text, "base64")
      : Buffer.from(
          text.replaceAll("_", " ").replaceAll(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
          "latin1",
        ),
  );
  return Buffer.concat(bytes).toString();
}

describe("a mail that is written", () => {
  beforeAll(() => recorder.answer(() => ({ body: {} })));

  it("keeps every character of its subject in lines that mail servers take", async () => {
    const subject = "Grüße 😀 und 長い件名 ".repeat(20).trim();
    const { mail, head, headers } = await written("send-message", { to, subject, text: "x".repeat(3000) });
    expect(unencoded(headers["subject"] ?? "")).toBe(subject);
    expect(head).toMatch(/^[\x20-\x7e\r\n\t]*$/);
    for (const word of head.match(/=\?[^ ]*\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75);
    for (const line of mail.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
  });

  it("carries hidden recipients, and no sender, for Gmail to deal with", async () => {
    const { headers } = await written("send-message", {
      to: ["ann@example.test", "ben@example.test"],
      cc: ["cy@example.test"],
      bcc: ["dee@example.test"],
      subject: "Hi",
      text: "Hello",
    });
    expect(headers).toMatchObject({
      to: "ann@example.test, ben@example.test",
      cc: "cy@example.test",
      bcc: "dee@example.test",
      subject: "Hi",
      "mime-version": "1.0",
    });
    expect(headers).not.toHaveProperty("from");
  });

  it("says the same as text and as HTML, with files beside", async () => {
    const { mail, headers } = await written("send-message", {
      to,
      subject: "Files",
      text: "Grüße",
      html: "<p>Grüße</p>",
      attachments: [
        { name: "ä.txt", mime_type: "text/plain", content: "dear" },
        { name: "b.bin", mime_type: "application/octet-stream", content: "AAEC/w==", encoding: "base64" },
      ],
    });
    expect(headers["content-type"]).toMatch(/^multipart\/mixed; boundary=/);
    expect(mail).toMatch(/content-type: multipart\/alternative/i);
    expect(mail).toContain("Gr=C3=BC=C3=9Fe");
    expect(mail).toContain("<p>Gr=C3=BC=C3=9Fe</p>");
    expect(mail).toContain("filename*0*=utf-8''%C3%A4.txt");
    expect(mail).toMatch(/application\/octet-stream[^]*AAEC\/w==/);
  });

  it.each([
    { subject: "Hi\r\nBcc: eve@example.test" },
    { subject: "Hi\nBcc: eve@example.test" },
    { subject: "Hi\u2028Bcc: eve@example.test" },
    { to: ["ann@example.test\r\nBcc: eve@example.test"] },
    { to: ["ann@example.test, eve@example.test"] },
    { to: ["Ann <ann@example.test>"] },
    { to: ["group: ann@example.test;"] },
    { to: [] },
    { attachments: [{ name: "a\r\nX: y", mime_type: "text/plain", content: "" }] },
    { attachments: [{ name: "a", mime_type: "text/plain\r\nX: y", content: "" }] },
  ])("takes no %j", async (input) => {
    recorder.answer(() => ({ body: {} }));
    await expect(act(gmail, "send-message", { to, subject: "Hi", text: "x", ...input }, api)).rejects.toThrow();
    expect(recorder.arrived).toEqual([]);
  });

  it("takes no base64 that is none", async () => {
    const attachments = [{ name: "a", mime_type: "text/plain", content: "%%%", encoding: "base64" }];
    const sent = act(gmail, "send-message", { to, subject: "Hi", text: "x", attachments }, api);
    expect((await refusal(sent)).code).toBe("INVALID_INPUT");
  });
});

describe("a reply", () => {
  const reply = async (headers: Record<string, string>, input: object = {}) => {
    const listed = Object.entries(headers).map(([name, value]) => ({ name, value }));
    recorder.answer(({ path }) =>
      path === "/oauth2/v2/userinfo"
        ? { body: { email: "Me@example.test" } }
        : { body: { id: "m1", threadId: "t1", payload: { headers: listed } } },
    );
    return (await written("reply-to-message", { message_id: "m1", text: "Yes.", ...input })).headers;
  };
  const original = {
    From: '"Doe, Ann" <ann@example.test>',
    To: "me@example.test, Ben <ben@example.test>",
    Cc: "cy@example.test",
    Subject: "Plan",
    "Message-Id": "<m1@example.test>",
    References: "<m0@example.test>",
  };

  it("goes to the author, in the same conversation", async () => {
    const headers = await reply(original);
    expect(headers).toMatchObject({
      to: "ann@example.test",
      subject: "Re: Plan",
      "in-reply-to": "<m1@example.test>",
      references: "<m0@example.test> <m1@example.test>",
    });
    expect(headers).not.toHaveProperty("cc");
    expect((await reply({ ...original, Subject: "RE: Plan" }))["subject"]).toBe("RE: Plan");
  });

  it("goes to all but oneself where asked to", async () => {
    expect(await reply(original, { reply_all: true })).toMatchObject({
      to: "ann@example.test",
      cc: "ben@example.test, cy@example.test",
    });
  });

  it("goes where its author wants answers", async () => {
    expect((await reply({ ...original, "Reply-To": "list@example.test" }))["to"]).toBe("list@example.test");
  });

  it("to an own mail goes to whom that went", async () => {
    const headers = await reply({ ...original, From: "me@example.test" });
    expect(headers["to"]).toBe("ben@example.test");
  });

  it("takes nothing but ids from what a stranger wrote", async () => {
    const headers = await reply({
      ...original,
      Subject: "Plan\r\nBcc: eve@example.test",
      "Message-Id": "<m1@example.test>\r\nBcc: eve@example.test",
      References: "<a b> junk\r\nX-Evil: 1 <m0@example.test>",
    });
    expect(headers).not.toHaveProperty("bcc");
    expect(headers).not.toHaveProperty("x-evil");
    expect(headers).toMatchObject({
      "in-reply-to": "<m1@example.test>",
      references: "<m0@example.test> <m1@example.test>",
    });
  });
});

describe("a mail that is read", () => {
  const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64url");
  const part = (mimeType: string, text: string | Buffer, more: object = {}) => ({
    mimeType,
    filename: "",
    body: { size: text.length, data: base64(text) },
    ...more,
  });
  const read = (payload: object, more: object = {}) => {
    recorder.answer(() => ({ body: { id: "m1", threadId: "t1", labelIds: ["INBOX"], payload, ...more } }));
    return act(gmail, "get-message", { message_id: "m1" }, api);
  };

  it("is its text, its people and what is attached", async () => {
    const message = await read(
      {
        mimeType: "multipart/mixed",
        headers: [
          { name: "FROM", value: "Ann <ann@example.test>" },
          { name: "subject", value: "Plan" },
        ],
        parts: [
          {
            mimeType: "multipart/alternative",
            parts: [part("text/plain", "Grüße\n"), part("text/html", "<b>Not this</b>")],
          },
          { mimeType: "application/pdf", filename: "plan.pdf", body: { attachmentId: "A1", size: 9 } },
          part("text/plain", "not the text", { filename: "notes.txt" }),
        ],
      },
      { snippet: "Grüße", internalDate: "1772355600000" },
    );
    expect(message).toEqual({
      id: "m1",
      thread_id: "t1",
      from: "Ann <ann@example.test>",
      to: undefined,
      cc: undefined,
      subject: "Plan",
      date: "2026-03-01T09:00:00.000Z",
      labels: ["INBOX"],
      snippet: "Grüße",
      text: "Grüße\n",
      text_truncated: false,
      attachments: [
        { attachment_id: "A1", name: "plan.pdf", mime_type: "application/pdf", size: 9 },
        { attachment_id: undefined, name: "notes.txt", mime_type: "text/plain", size: 12 },
      ],
    });
  });

  it("of HTML alone is what a reader sees", async () => {
    const html =
      "<html><head><title>No</title><style>p{}</style></head><body><p>Dear&nbsp;Ann &amp; Ben,</p><script>no()</script>" +
      '<div>See <a href="https://example.test/x">this</a>.<br>Caf&eacute;</div><table><tr><td>a<td>b</table></body></html>';
    const { text } = await read(part("text/html", html));
    expect(text).toBe("Dear Ann & Ben,\n\nSee this <https://example.test/x>.\nCafé\n\na b");
  });

  it("in an old charset is read in it", async () => {
    const headers = [{ name: "Content-Type", value: 'text/plain; charset="ISO-8859-1"' }];
    expect((await read(part("text/plain", Buffer.from([0x47, 0x72, 0xfc, 0xdf]), { headers }))).text).toBe("Grüß");
    const odd = [{ name: "Content-Type", value: "text/plain; charset=x-unknown" }];
    expect((await read(part("text/plain", Buffer.from([0xfc]), { headers: odd }))).text).toBe("ü");
  });

  it("that is hostile neither hangs nor breaks the reader", async () => {
    const started = performance.now();
    expect((await read(part("text/html", "<style ".repeat(150_000)))).text).toBe("");
    const nested = await read(part("text/html", `seen${"<b>".repeat(500_000)}not seen`));
    expect(nested.text).toMatch(/^seen\n\(.*\)$/);
    await read(part("text/html", `${"<b>".repeat(900)}${"</i>".repeat(400_000)}`));
    let deep: object = part("text/plain", "deep");
    for (let level = 0; level < 2000; level++) deep = { mimeType: "multipart/mixed", parts: [deep] };
    expect((await read(deep)).text).toBe("deep");
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("is cut where it is endless, and says so", async () => {
    const message = await read(part("text/plain", "x".repeat(300_000)));
    expect([message.text.length, message.text_truncated]).toEqual([200_000, true]);
  });

  it("that nobody can make sense of is UPSTREAM_FAILED", async () => {
    recorder.answer(() => ({ body: { surprise: true } }));
    expect((await refusal(act(gmail, "get-message", { message_id: "m1" }, api))).code).toBe("UPSTREAM_FAILED");
  });
});

describe("an attachment", () => {
  const get = (content: Buffer, size = content.length) => {
    recorder.answer(() => ({ body: { data: content.toString("base64url"), size } }));
    return act(gmail, "get-attachment", { message_id: "m1", attachment_id: "A1" }, api);
  };

  it("is text where it is text, else base64", async () => {
    expect(await get(Buffer.from("Grüße"))).toEqual({ size: 7, encoding: "text", content: "Grüße" });
    expect(await get(Buffer.from([0, 255]))).toEqual({ size: 2, encoding: "base64", content: "AP8=" });
  });

  it("above 1 MiB is refused", async () => {
    expect((await refusal(get(Buffer.alloc(1024 * 1024 + 1)))).code).toBe("PAYLOAD_TOO_LARGE");
    expect((await refusal(get(Buffer.alloc(1), 50_000_000))).code).toBe("PAYLOAD_TOO_LARGE");
  });
});

it("leaves a message out that is deleted while the list is read", async () => {
  recorder.answer(({ path }) => {
    if (path.endsWith("/messages")) return { body: { messages: [{ id: "m1" }, { id: "m2" }], nextPageToken: "c2" } };
    if (path.endsWith("/m1")) return { status: 404, body: { error: { code: 404, message: "Not found" } } };
    return { body: { id: "m2", threadId: "t2" } };
  });
  const found = await act(gmail, "search-messages", {}, api);
  expect([each(found.messages, "id"), found.next_cursor]).toEqual([["m2"], "c2"]);
});
