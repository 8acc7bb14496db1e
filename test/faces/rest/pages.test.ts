import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPages } from "../../../src/faces/rest/pages.js";
import { openDoor } from "./door.js";

const SCRIPT = "export const words = 'many words';\n".repeat(100);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clanker-pages-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Clanker</title>");
  await writeFile(join(folder, "assets", "index-abcdefgh.js"), SCRIPT);
  await writeFile(join(folder, "assets", "notes.txt"), "not for the web");
  await writeFile(join(folder, "built-from"), "0123");
});
afterAll(() => rm(folder, { recursive: true }));

/** A raw GET: `fetch` unpacks what it gets and says nothing of it. */
function get(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; encoding: string | undefined; type: string; body: Buffer }>(
    (resolve, reject) => {
      const sent = request(url, { headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => {
          const { "content-encoding": encoding, "content-type": type = "" } = answer.headers;
          resolve({ status: answer.statusCode ?? 0, encoding, type, body: Buffer.concat(parts) });
        });
      });
      sent.on("error", reject).end();
    },
  );
}

describe("the pages' files", () => {
  it("come packed to those who take that, and plain to the others", async () => {
    const { url } = await openDoor({ pages: await loadPages(folder) });
    const packed = await get(`${url}/assets/index-abcdefgh.js`, { "accept-encoding": "br, gzip" });
    expect([packed.status, packed.encoding, packed.type]).toEqual([200, "gzip", "text/javascript; charset=utf-8"]);
    expect(gunzipSync(packed.body).toString()).toBe(SCRIPT);
    const plain = await get(`${url}/assets/index-abcdefgh.js`);
    expect([plain.encoding, plain.body.toString()]).toEqual([undefined, SCRIPT]);
  });

  it.each([
    "/assets/notes.txt",
    "/assets/built-from",
    "/built-from",
    "/assets/..%2Fbuilt-from",
    "/index.html",
    "/skills/",
  ])("do not include %s", async (path) => {
    const { url } = await openDoor({ pages: await loadPages(folder) });
    expect((await get(url + path)).status).toBe(404);
  });

  it("stay as they were when a build replaces them under a running server", async () => {
    const { url } = await openDoor({ pages: await loadPages(folder) });
    await writeFile(join(folder, "index.html"), "<!doctype html><title>Newer</title>");
    expect((await get(url)).body.toString()).toContain("<title>Clanker</title>");
  });

  it("that were never built are spoken of in a sentence that says how to build them", async () => {
    const { url } = await openDoor({ pages: await loadPages(join(folder, "nowhere")) });
    const { status, body } = await get(url);
    expect([status, body.toString()]).toEqual([404, expect.stringContaining("npm run build")]);
  });
});
