import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axeViolations, callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer } from "../../support/program.js";
import { type ScriptedModel, scriptedModel } from "../../support/scripted-model.js";

const HOSTILE = 'Rocket has windows now. <img src=x onerror="alert(1)">';

let model: ScriptedModel;
let server: Server;
let browser: PagesBrowser;
beforeAll(async () => {
  model = await scriptedModel();
  model.mock.on({ userMessage: /anew. What to change: shorter/ }, { content: "Windows!" });
  model.mock.on({ userMessage: /feat: windows/ }, { content: HOSTILE });
  [server, browser] = await Promise.all([startServer({ env: model.env }), openPages()]);
  await callApi(server, "POST", "/api/v1/skills/release-notes/install");
  await signIn(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await model?.stop();
  await endPrograms();
});
afterEach(() => expect(browser.faults).toEqual([]));

const button = (name: string) => browser.page.getByRole("button", { name, exact: true });
const stands = (status: string) => browser.page.locator("h1 + .status", { hasText: status }).waitFor();
const step = (title: string) => browser.page.locator(".steps > li").filter({ hasText: title });
const memory = async () => (await callApi(server, "GET", "/api/v1/memory")).content;

/** A run as an agent with a key starts it, open on its page where it waits for the person. */
async function waitingRun(): Promise<string> {
  const inputData = { product: "Rocket", changes: "fix: doors\nfeat: windows" };
  const path = "/api/v1/workflows/release-announcement/launch";
  const { runId = "" } = await callApi(server, "POST", path, { inputData });
  await browser.page.goto(`${server.url}/workflows?id=${runId}`);
  await stands("waits");
  return runId;
}

describe("a workflow with an approval", () => {
  it("is started with its form, waits with what it has drafted, and goes on once the person agrees", async () => {
    const { page } = browser;
    await page.goto(`${server.url}/workflows`);
    await button("Start Release notes that a person approves").click();
    const dialog = page.getByRole("dialog", { name: "Start Release notes that a person approves" });
    await dialog.getByRole("button", { name: "Start", exact: true }).click();
    expect(await dialog.getByLabel("product").evaluate((field) => field.matches(":invalid"))).toBe(true);
    await dialog.getByLabel("product").fill("Rocket");
    // Several lines, as its description asks for.
    await dialog.getByLabel("changes").fill("fix: doors\nfeat: windows");
    expect(await axeViolations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Start", exact: true }).click();
    await page.waitForURL(/\/workflows\?id=run_\d+$/);
    await stands("waits");
    const shown = page.locator("blockquote");
    expect(await shown.innerText()).toContain(HOSTILE);
    expect(await shown.locator("img").count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("radio", { name: "Yes" }).check();
    await button("Answer and go on").click();
    await stands("completed");
    await step("Write them anew after the comment").getByText("skipped").waitFor();
    expect(await memory()).toContain(HOSTILE);
  });

  it("is not decided by a person who chose neither yes nor no", async () => {
    const run = await waitingRun();
    await button("Answer and go on").click();
    expect(await browser.page.getByRole("radio", { name: "No" }).evaluate((field) => field.matches(":invalid"))).toBe(
      true,
    );
    expect(await callApi(server, "GET", `/api/v1/workflows/runs/${run}`)).toMatchObject({ status: "paused" });
  });

  it("that is sent back with a comment does what the comment says and keeps nothing", async () => {
    const before = await memory();
    await waitingRun();
    await browser.page.getByRole("radio", { name: "No" }).check();
    await browser.page.getByLabel(/^What to change/).fill("shorter");
    await button("Answer and go on").click();
    await stands("completed");
    await step("Keep the approved notes").getByText("skipped").waitFor();
    expect(await browser.page.getByLabel("The run's result").innerText()).toContain("Windows!");
    expect(await memory()).toBe(before);
  });

  it("waits on the overview, and is cancelled from its page", async () => {
    await waitingRun();
    await browser.page.goto(server.url);
    const waiting = browser.page.getByRole("region", { name: "Waits for you" });
    await waiting
      .getByRole("link", { name: /Release notes that a person approves/ })
      .first()
      .click();
    await stands("waits");
    await button("Cancel this run").click();
    await stands("cancelled");
    expect(await button("Answer and go on").count()).toBe(0);
  });

  it("that another window has answered shows how it stands, and takes no second answer", async () => {
    const run = await waitingRun();
    const other = await browser.context.newPage();
    await other.goto(browser.page.url());
    await other.getByRole("radio", { name: "Yes" }).check();
    await other.getByRole("button", { name: "Answer and go on" }).click();
    await other.locator("h1 + .status", { hasText: "completed" }).waitFor();
    await other.close();
    await stands("completed");
    expect(await button("Answer and go on").count()).toBe(0);
    expect(await callApi(server, "GET", `/api/v1/workflows/runs/${run}`)).toMatchObject({ status: "completed" });
  });
});

it("a workflow whose skills are not installed says which, and leads to them", async () => {
  const { page } = browser;
  await page.goto(`${server.url}/workflows`);
  await button("Start Minutes of a meeting, kept in the memory").click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.getByLabel("notes").evaluate((field) => field.tagName)).toBe("TEXTAREA");
  expect(await dialog.getByLabel("about").evaluate((field) => field.tagName)).toBe("INPUT");
  await dialog.getByRole("link", { name: "summarize" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByLabel("notes").fill("Ada and Bob met.");
  await dialog.getByRole("button", { name: "Start", exact: true }).click();
  await dialog.getByRole("alert").getByText("The skill meeting-notes is not installed").waitFor();
  await dialog.getByRole("link", { name: "meeting-notes" }).click();
  await page.getByRole("heading", { level: 1, name: "Meeting Notes" }).waitFor();
});
