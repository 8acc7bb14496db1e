import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPack } from "../../src/services/marketplace/pack.js";
import { renderTemplate } from "../../src/services/marketplace/render-template.js";
import { openBrowser } from "../support/browser.js";

const FOLDER = fileURLToPath(new URL("../../skills/algorithmic-art", import.meta.url));
const pack = await readPack(FOLDER, "algorithmic-art");
const choices = (name: string) => pack.parameters.find((parameter) => parameter.name === name)?.enum ?? [];

let folder: string;
let browser: { context: BrowserContext; close: () => Promise<void> };
let page: Page;
let complaints: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clanker-art-"));
  browser = await openBrowser();
  page = await browser.context.newPage();
  await page.setViewportSize({ width: 520, height: 640 });
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

let files = 0;

/** Renders an answer with these parameters, opens the artifact from disk and waits until it is drawn. */
async function open(parameters: Record<string, unknown>): Promise<void> {
  complaints = [];
  const answer = `A note.\n\n\`\`\`json\n${JSON.stringify({ title: "Test", texture: 0, ...parameters })}\n\`\`\`\n`;
  const path = join(folder, `${(files += 1)}.html`);
  await writeFile(path, renderTemplate(pack, answer)?.content ?? "");
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector("html[data-drawn]");
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Pixels that differ from the sheet's corner, as a share. */
  readonly drawn: number;
  readonly colours: number;
  readonly digest: string;
}

function look(): Promise<Picture> {
  return page.locator("canvas").evaluate(async (canvas) => {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("the canvas cannot be read");
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new Uint32Array(data.buffer);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    return {
      width: canvas.width,
      height: canvas.height,
      drawn: pixels.filter((pixel) => pixel !== pixels[0]).length / pixels.length,
      colours: new Set(pixels).size,
      digest: [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    };
  });
}

type Box = NonNullable<Awaited<ReturnType<Locator["boundingBox"]>>>;

async function boxOf(selector: string): Promise<Box> {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not shown`);
  return box;
}

function fits(inner: Box, outer: Box): boolean {
  const isWithin = (from: number, size: number, outerFrom: number, outerSize: number) =>
    from >= outerFrom && from + size <= outerFrom + outerSize;
  return isWithin(inner.x, inner.width, outer.x, outer.width) && isWithin(inner.y, inner.height, outer.y, outer.height);
}

describe.each(choices("algorithm"))("%s", (algorithm) => {
  it("fills the sheet, the same for a seed and another for another, without an error or a request", async () => {
    await open({ algorithm, seed: 11 });
    const first = await look();
    expect(first.drawn).toBeGreaterThan(0.1);
    expect(first.colours).toBeGreaterThan(200);
    expect(complaints).toEqual([]);

    await open({ algorithm, seed: 11 });
    expect(await look()).toEqual(first);

    await open({ algorithm, seed: 12 });
    const other = await look();
    expect(other.digest).not.toBe(first.digest);
    expect(other.drawn).toBeGreaterThan(0.1);
    expect(complaints).toEqual([]);
  });

  it.each([
    ["the least", { density: 0.3, line_width: 0.3, turbulence: 0, margin: 0, aspect: "landscape", background: "dark" }],
    ["the most", { density: 2.5, line_width: 3, turbulence: 1, margin: 0.2, aspect: "portrait", texture: 1 }],
  ])("draws with %s of everything", async (_, parameters) => {
    await open({ algorithm, seed: 2147483647, ...parameters });
    const picture = await look();
    expect(picture.drawn).toBeGreaterThan(0.03);
    expect(picture.colours).toBeGreaterThan(100);
    expect(complaints).toEqual([]);
  });
});

describe("the page", () => {
  it("draws in every palette, each in its own colours", async () => {
    const digests = new Set<string>();
    for (const palette of choices("palette")) {
      await open({ algorithm: "subdivision", palette });
      digests.add((await look()).digest);
      expect(complaints).toEqual([]);
    }
    expect(digests.size).toBe(choices("palette").length);
    expect(digests.size).toBeGreaterThan(5);
  });

  it("shows hostile text as text", async () => {
    const title = `</script><img src=x onerror="document.body.remove()"><!-- \`\${1}\` "'`;
    await open({ algorithm: "orbits", title, caption: "<b>bold</b>" });
    expect(await page.textContent("#title")).toBe(title);
    expect(await page.textContent("#caption")).toBe("<b>bold</b>");
    expect(await page.locator("img, b").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("is worked by keyboard: arrows walk through the seeds and back to the same picture", async () => {
    await open({ algorithm: "orbits", seed: 5 });
    const first = await look();
    await page.keyboard.press("ArrowRight");
    expect(await page.inputValue("#seed")).toBe("6");
    expect((await look()).digest).not.toBe(first.digest);
    await page.keyboard.press("ArrowLeft");
    expect(await look()).toEqual(first);

    await page.keyboard.press("Tab");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("77");
    await page.keyboard.press("Enter");
    expect(await page.getAttribute("html", "data-drawn")).toBe("77");
    await page.keyboard.press("Tab");
    const outline = await page.locator(":focus").evaluate((focused) => ({
      id: focused.id,
      style: focused.ownerDocument.defaultView?.getComputedStyle(focused).outlineStyle,
    }));
    expect(outline).toEqual({ id: "previous", style: "solid" });
  });

  it("saves a PNG of 2,400 pixels on the short side", async () => {
    await open({ algorithm: "contours", seed: 9, aspect: "landscape" });
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    expect(download.suggestedFilename()).toBe("contours-9.png");
    const png = await readFile(await download.path());
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3600, 2400]);
  });

  it("fits any window and keeps its shape when the window changes", async () => {
    await open({ algorithm: "subdivision", aspect: "portrait" });
    for (const [width, height] of [
      [320, 568],
      [900, 400],
      [520, 640],
    ] as const) {
      await page.setViewportSize({ width, height });
      await expect.poll(async () => fits(await boxOf("canvas"), await boxOf("#stage"))).toBe(true);
      const picture = await look();
      expect(picture.width / picture.height).toBeCloseTo(1000 / 1300, 1);
      expect(await page.locator("html").evaluate((root) => root.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });

  it("draws with as many pixels as the screen has", async () => {
    const sharp = await browser.context.browser()?.newContext({ deviceScaleFactor: 2 });
    const screen = await sharp?.newPage();
    if (!screen) throw new Error("the browser gives no second context");
    await open({ algorithm: "orbits" });
    await screen.goto(page.url());
    await screen.waitForSelector("html[data-drawn]");
    const ratio = await screen
      .locator("canvas")
      .evaluate((canvas) => canvas.width / canvas.getBoundingClientRect().width);
    await sharp?.close();
    expect(ratio).toBeCloseTo(2, 1);
  });

  it("opens as it is, without parameters", async () => {
    complaints = [];
    await page.goto(pathToFileURL(join(FOLDER, "template.html")).href);
    await page.waitForSelector("html[data-drawn]");
    expect((await look()).colours).toBeGreaterThan(200);
    expect(complaints).toEqual([]);
  });
});
