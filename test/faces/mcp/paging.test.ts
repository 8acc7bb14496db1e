import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveHttp, type HttpBench } from "./workbench.js";

interface Rows {
  readonly data: { readonly id: string }[];
  readonly first_id: string;
  readonly last_id: string;
  readonly has_more: boolean;
}

describe("a list whose pages are too long for a result", () => {
  let bench: HttpBench;
  beforeEach(async () => {
    bench = await serveHttp();
  });
  afterEach(() => bench.close());

  it("is read to its end in both directions without gap or double", async () => {
    const { client } = await bench.streamable();
    await client.listTools();
    const page = async (args: object) =>
      (await client.callTool({ name: "list-rows", arguments: { limit: 100, ...args } })).structuredContent as Rows;

    const down: string[] = [];
    for (let at: Rows | undefined; at?.has_more !== false;) {
      at = await page(at ? { after_id: at.last_id } : {});
      down.push(...at.data.map(({ id }) => id));
    }
    expect(down).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));

    const up: string[] = [];
    for (let at: Rows | undefined; at?.has_more !== false;) {
      at = await page({ before_id: at?.first_id ?? "200" });
      up.unshift(...at.data.map(({ id }) => id));
    }
    expect(up).toEqual(down);
  });
});
