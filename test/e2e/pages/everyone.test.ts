import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeViolations, callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer } from "../../support/program.js";

let server: Server;
let browser: PagesBrowser;
let agent: { url: string; key: string };
let codes = { consent: "", device: "" };
let asked = 0;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), openPages()]);
  await callApi(server, "POST", "/api/v1/skills/summarize/install");
  await callApi(server, "PUT", "/api/v1/memory", { content: "We ship on Tuesdays.", mode: "replace" });
  const { key = "" } = await callApi(server, "POST", "/api/v1/api-keys", { name: "laptop" });
  agent = { url: server.url, key };
  await signIn(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await endPrograms();
});

/** What waits for the person; it does for minutes only, so each group of tests has its own. */
async function askAnew(): Promise<void> {
  const reason = `To run a skill. ${(asked += 1)}`;
  const asking = { requestedScopes: ["tool:execute"], agentDisplayName: "Helper", reason };
  const consent = await callApi(agent, "POST", "/api/v1/agents/connect", asking);
  const device = await callApi(server, "POST", "/api/v1/activate", { client_label: "a device" });
  codes = { consent: consent["link_code"] ?? "", device: device["user_code"] ?? "" };
}

/** Where to go, and what is there once the page has what it shows. */
const PLACES: readonly (readonly [name: string, path: string, shows: string])[] = [
  ["overview", "/", "Nothing has run yet"],
  ["approvals", "/approvals", "Helper"],
  ["a consent", "/approvals?code=:consent", "To run a skill."],
  ["activate", "/activate", "The code on the device"],
  ["a device", "/activate?code=:device", "a device"],
  ["executions", "/executions", "Nothing has run yet"],
  ["artifacts", "/artifacts", "No files yet"],
  ["workflows", "/workflows", "No workflow has run yet"],
  ["library", "/library", "We ship on Tuesdays."],
  ["skills", "/skills", "Summarize"],
  ["a skill", "/skills?skill=summarize", "Installed in this workspace."],
  ["keys", "/settings?part=keys", "laptop"],
  ["agents", "/settings?part=agents", "Helper"],
  ["connectors", "/settings?part=connectors", "GitHub"],
  ["members", "/settings?part=members", "(you)"],
  ["credits", "/settings?part=credits", "Nothing was spent yet"],
  ["secrets", "/settings?part=secrets", "Your own Anthropic key"],
  ["activity", "/settings?part=activity", "The log can be added to"],
  ["sign-in", "/sign-in", "You are signed in as"],
];

async function show(path: string, shows: string): Promise<void> {
  await browser.page.goto(server.url + path.replace(":consent", codes.consent).replace(":device", codes.device));
  await browser.page.locator("main").getByText(shows).first().waitFor();
  await expect.poll(() => browser.page.locator(".loading").count()).toBe(0);
}

/** What an expression says in the page. */
const look = <T>(expression: string): Promise<T> => browser.page.evaluate<T>(expression);

describe.each(["light", "dark"] as const)("axe finds nothing wrong in the %s scheme", (colorScheme) => {
  beforeAll(async () => {
    await askAnew();
    await browser.page.emulateMedia({ colorScheme });
  });

  it.each(PLACES)("with %s", async (_name, path, shows) => {
    await show(path, shows);
    expect(await axeViolations(browser.page)).toEqual([]);
  });
});

it("axe finds nothing wrong with a dialog", async () => {
  await show("/settings?part=keys", "laptop");
  await browser.page.getByRole("button", { name: "New key" }).click();
  expect(await axeViolations(browser.page)).toEqual([]);
});

describe("on a phone's width", () => {
  beforeAll(async () => {
    await askAnew();
    await browser.page.setViewportSize({ width: 360, height: 740 });
  });
  afterAll(() => browser.page.setViewportSize({ width: 1280, height: 800 }));

  it.each(PLACES)("%s needs no sideways scrolling", async (_name, path, shows) => {
    await show(path, shows);
    const beyond = await look("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(beyond).toBe(0);
  });

  it("the menu opens and leads on", async () => {
    await show("/", "Nothing has run yet");
    const link = browser.page.locator("header").getByText("Library");
    expect(await link.isVisible()).toBe(false);
    await browser.page.getByRole("button", { name: "Menu" }).click();
    await browser.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Library" }).click();
    await browser.page.getByRole("heading", { level: 1, name: "Library" }).waitFor();
    expect(await link.isVisible()).toBe(false);
  });
});

describe("by keyboard alone", () => {
  beforeAll(askAnew);

  const focused = () =>
    look<string>("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()");
  const press = async (...keys: string[]) => {
    for (const key of keys) await browser.page.keyboard.press(key);
  };

  it("one can skip to the content, and every stop on the way is visible", async () => {
    await show("/skills", "Summarize");
    await press("Tab");
    expect(await focused()).toBe("Skip to the content");
    const seen = new Set<string>();
    for (let stop = 0; stop < 12; stop += 1) {
      const [outline, width] = await look<[string, number]>(
        "[getComputedStyle(document.activeElement).outlineStyle, document.activeElement.getBoundingClientRect().width]",
      );
      expect(outline, await focused()).toBe("solid");
      expect(width, await focused()).toBeGreaterThan(0);
      seen.add(await focused());
      await press("Tab");
    }
    expect(seen.size).toBeGreaterThan(10);
    await show("/skills", "Summarize");
    await press("Tab", "Enter", "Tab");
    expect(await look("document.activeElement.closest('main') !== null")).toBe(true);
  });

  it("a page that replaces another takes the focus along", async () => {
    await show("/", "Nothing has run yet");
    await browser.page.getByRole("link", { name: "Workflows" }).focus();
    await press("Enter");
    await browser.page.getByRole("heading", { level: 1, name: "Workflows" }).waitFor();
    await expect.poll(() => look("document.activeElement.id")).toBe("main");
  });

  it("a dialog keeps the focus, closes with Escape and gives it back", async () => {
    await show("/settings?part=keys", "laptop");
    const opener = browser.page.getByRole("button", { name: "Revoke laptop" });
    await opener.focus();
    await press("Enter");
    const dialog = browser.page.getByRole("dialog", { name: "Revoke laptop?" });
    await dialog.waitFor();
    for (let stop = 0; stop < 6; stop += 1) {
      await press("Tab");
      const inside = await look(
        "document.activeElement === document.body || document.activeElement.closest('dialog') !== null",
      );
      expect(inside).toBe(true);
    }
    await press("Escape");
    await dialog.waitFor({ state: "detached" });
    await expect.poll(focused).toBe("Revoke laptop");
  });

  it("an agent's request is denied", async () => {
    await show("/approvals?code=:consent", "To run a skill.");
    await browser.page.getByRole("button", { name: "Deny" }).focus();
    await press("Enter");
    await browser.page.getByText("This was denied.").waitFor();
    // The button is gone; whoever pressed it goes on from where it was.
    await expect.poll(() => look("document.activeElement.closest('main') !== null")).toBe(true);
  });
});

it("the pages load nothing from elsewhere", async () => {
  const elsewhere: string[] = [];
  browser.page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== new URL(server.url).origin) elsewhere.push(request.url());
  });
  for (const [, path, shows] of PLACES.filter(([, to]) => !to.includes("?"))) {
    if (path !== "/approvals") await show(path, shows);
  }
  expect(elsewhere).toEqual([]);
  expect(browser.faults).toEqual([]);
});
