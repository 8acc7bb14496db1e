import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../../../src/connectors/app.js";
import { notion } from "../../../src/connectors/apps/notion.js";
import { type Recorder, startRecorder } from "../../support/clerk-recorder.js";
import { act, apiAt, refusal } from "./acting.js";

let recorder: Recorder;
let api: Api;
const page = "897e5a76-ae52-4b48-9fdf-e71f5945d1af";
const source = "248104cd-477e-80af-bc30-000bd28de8f9";
const text = (content: string) => [{ type: "text", text: { content }, plain_text: content }];

beforeAll(async () => {
  recorder = await startRecorder();
  api = apiAt(notion, recorder.url);
});
afterAll(() => recorder.stop());

describe("the account", () => {
  const accountOf = (body: object) => {
    recorder.answer(() => ({ body: { object: "user", type: "bot", ...body } }));
    return notion.account(api);
  };

  it("is the person who agreed", async () => {
    const person = { type: "person", name: "Ann", person: { email: "ann@example.test" } };
    expect(await accountOf({ name: "Bot", bot: { owner: { type: "user", user: person } } })).toBe("ann@example.test");
    expect(await accountOf({ bot: { owner: { type: "user", user: { ...person, person: {} } } } })).toBe("Ann");
  });

  it("is the workspace where an integration belongs to all of it", async () => {
    const bot = { owner: { type: "workspace", workspace: true }, workspace_name: "Acme" };
    expect(await accountOf({ name: "Bot", bot })).toBe("Acme");
    expect(await accountOf({ name: "Bot", bot: {} })).toBe("Bot");
  });
});

describe("sources", () => {
  it("are data sources, page after page", async () => {
    const row = { object: "data_source", id: source, title: [...text("To "), ...text("do")], url: "https://n.test/1" };
    recorder.answer(({ bytes }) => {
      const next = JSON.parse(bytes.toString()).start_cursor === undefined ? "c2" : null;
      return { body: { object: "list", results: [row], next_cursor: next, has_more: next !== null } };
    });
    const first = await notion.sources({ search: "to" }, api);
    expect(first).toEqual({
      data: [{ id: source, name: "To do", kind: "database", url: "https://n.test/1" }],
      nextCursor: "c2",
    });
    expect((await notion.sources({ search: "to", cursor: "c2" }, api)).nextCursor).toBeUndefined();
    expect(recorder.arrived.map(({ bytes }) => JSON.parse(bytes.toString()))).toEqual([
      { query: "to", filter: { property: "object", value: "data_source" }, page_size: 100 },
      { query: "to", filter: { property: "object", value: "data_source" }, page_size: 100, start_cursor: "c2" },
    ]);
  });
});

describe("the content of a data source", () => {
  it("is its pages, named by their titles, and says when there are more", async () => {
    const properties = { Done: { type: "checkbox" }, Task: { type: "title", title: text("Buy a/b\u202e\nmilk") } };
    const results = [
      { object: "page", id: page, properties },
      { object: "page", id: source, properties: {} },
    ];
    recorder.answer(() => ({ body: { object: "list", results, has_more: true, next_cursor: "x" } }));
    expect(await notion.content({ source }, api)).toEqual({
      kind: "folder",
      path: "",
      entries: [
        { path: `${page}/Buy a b milk`, kind: "file" },
        { path: source, kind: "file" },
      ],
      truncated: true,
    });
  });

  it("is a page's Markdown at the path that was listed", async () => {
    recorder.answer(() => ({ body: { object: "page_markdown", id: page, markdown: "# Grüße", truncated: false } }));
    const path = `${page}/Buy a b milk`;
    const found = await notion.content({ source, path }, api);
    expect(found).toEqual({ kind: "file", path, mimeType: "text/markdown", size: 9, text: "# Grüße" });
    expect(recorder.arrived[0]?.path).toBe(`/v1/pages/${page}/markdown`);
  });

  it("is refused above 1 MiB", async () => {
    recorder.answer(() => ({ body: { markdown: "x".repeat(1024 * 1024 + 1) } }));
    expect((await refusal(notion.content({ source, path: page }, api))).code).toBe("PAYLOAD_TOO_LARGE");
  });

  it("is asked for by ids alone", async () => {
    recorder.answer(() => ({ body: {} }));
    for (const input of [{ source: "../users" }, { source, path: "../../users" }, { source: "x" }]) {
      expect((await refusal(notion.content(input, api))).code).toBe("INVALID_INPUT");
    }
    await expect(act(notion, "get-page", { page_id: "../users/me" }, api)).rejects.toThrow();
    expect(recorder.arrived).toEqual([]);
  });
});

it("wants one place for a comment", async () => {
  for (const places of [{}, { page_id: page, block_id: page }]) {
    const refused = await refusal(act(notion, "create-comment", { ...places, markdown: "x" }, api));
    expect(refused.code).toBe("INVALID_INPUT");
  }
});
