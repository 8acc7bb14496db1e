import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownerLink, openPages, PAGE_PATHS, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer } from "../../support/program.js";

let server: Server;
let browser: PagesBrowser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), openPages()]);
});
afterAll(async () => {
  await browser?.close();
  await endPrograms();
});

const POLICY = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "connect-src": "'self'",
  "form-action": "'self'",
  "frame-ancestors": "'none'",
  "base-uri": "'none'",
};

describe("P55: the pages' headers", () => {
  it.each(PAGE_PATHS)("of %s allow no script but the server's own, no frame and no keeping", async (path) => {
    const answer = await fetch(server.url + path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = Object.fromEntries(
      (answer.headers.get("content-security-policy") ?? "").split("; ").map((part) => {
        const [name = "", ...sources] = part.split(" ");
        return [name, sources.join(" ")];
      }),
    );
    expect(policy).toMatchObject(POLICY);
    expect(JSON.stringify(policy)).not.toMatch(/unsafe|https?:|\*/);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-store",
    });
    const page = await answer.text();
    expect(page).not.toMatch(/<style|style=|\son\w+=|javascript:/i);
    for (const [tag] of page.matchAll(/<script[^>]*>/g)) expect(tag).toMatch(/ src="\/assets\//);
    for (const [, to] of page.matchAll(/(?:src|href)="([^"]*)"/g)) expect(to).toMatch(/^\/(?!\/)/);
  });

  it("let a browser keep scripts and styles for ever, for their names hold their content's hash", async () => {
    const page = await (await fetch(server.url)).text();
    const assets = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const path of assets) {
      expect(path).toMatch(/-[\w-]{8}\.(js|css|svg)$/);
      const { status, headers } = await fetch(server.url + path);
      expect([status, headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
    const old = await fetch(`${server.url}/assets/index-00000000.js`);
    expect([old.status, old.headers.get("cache-control")]).toEqual([404, "no-store"]);
  });
});

it("P55: a page of another origin cannot put the pages into a frame", async () => {
  const other = createServer((_req, res) => {
    res.setHeader("content-type", "text/html").end(`<iframe src="${server.url}/approvals"></iframe>`);
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const page = await browser.context.newPage();
  try {
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    const framed = page.frames().at(-1);
    await expect.poll(() => framed?.url()).toBe("chrome-error://chromewebdata/");
  } finally {
    await page.close();
    other.closeAllConnections();
    other.close();
  }
});

describe("P55: a signed-in person", () => {
  beforeAll(() => signIn(browser, server));

  it("is known by a cookie that no script reads and no other site sends", async () => {
    const cookies = (await browser.context.cookies()).filter(({ name }) => name === "clanker_session");
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, path: "/" });
    expect(["Lax", "Strict"]).toContain(cookies[0]?.sameSite);
    expect(await browser.page.evaluate("document.cookie")).toBe("");
  });

  it("leaves no token in the address or in what the browser stores", async () => {
    const kept = await browser.page.evaluate("[location.href, JSON.stringify({ ...localStorage, ...sessionStorage })]");
    expect(String(kept)).not.toMatch(/token|c[ils]_/);
  });

  it("cannot be made to change anything by a request without the page's own token", async () => {
    const change = (headers: Record<string, string>) =>
      browser.page.evaluate(async (sent) => {
        const body = JSON.stringify({ content: "forged", mode: "append" });
        const init = { method: "PUT", headers: { "content-type": "application/json", ...sent }, body };
        return (await fetch("/api/v1/memory", init)).status;
      }, headers);
    expect(await change({})).toBe(403);
    expect(await change({ "x-csrf-token": "A".repeat(43) })).toBe(403);
    const { csrf_token: token } = await browser.page.evaluate(
      async () => (await (await fetch("/api/v1/session")).json()) as { csrf_token: string },
    );
    expect(await change({ "x-csrf-token": token })).toBe(200);
  });
});

it("a link signs in once, and one that was used says how to get another", async () => {
  const link = await ownerLink(server);
  for (const expected of [/^Hello, /, /used already/]) {
    const other = await openPages();
    try {
      await other.page.goto(link);
      await other.page.getByRole("button", { name: "Sign in" }).click();
      await other.page.getByText(expected).first().waitFor();
    } finally {
      await other.close();
    }
  }
});
