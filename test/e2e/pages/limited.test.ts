import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axeViolations, callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Environment, type Server, startServer } from "../../support/program.js";

let server: Server;
let browser: PagesBrowser;
let invitation: string;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), openPages()]);
  await callApi(server, "PUT", "/api/v1/memory", { content: "We ship on Tuesdays.", mode: "replace" });
  const person = { email: "jon@harbour.example", role: "member" };
  const { url = "" } = await callApi(server, "POST", "/api/v1/workspaces/ws_1/invitations", person);
  invitation = new URL(url).hash;
});
afterAll(async () => {
  await browser?.close();
  await endPrograms();
});
afterEach(() => expect(browser.faults).toEqual([]));

/** The same home's server, held to less. */
async function limitTo(env: Environment): Promise<void> {
  await server.kill();
  server = await startServer({ home: server.home, env });
  await browser.context.clearCookies();
  await signIn(browser, server);
}

describe("P13: the pages of a read-only server", () => {
  beforeAll(() => limitTo({ CLANKER_READ_ONLY: "1" }));

  it("open for whoever has a link, show what is there, and refuse every change in a sentence", async () => {
    const { page } = browser;
    await page.goto(`${server.url}/library`);
    await page.getByText("We ship on Tuesdays.").waitFor();
    await page.getByRole("button", { name: "Add a note" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("Wednesdays.");
    await dialog.getByRole("button", { name: "Add it" }).click();
    await dialog.getByRole("alert").getByText("is read-only").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect((await callApi(server, "GET", "/api/v1/memory")).content).toBe("We ship on Tuesdays.");
  });

  it("make nobody a member, whatever link they bring; it is good once changes are allowed again", async () => {
    const other = await openPages();
    try {
      await other.page.goto(`${server.url}/sign-in${invitation}`);
      await other.page.getByRole("button", { name: "Sign in" }).click();
      await other.page.getByRole("alert").getByText("is read-only").waitFor();
      await limitTo({});
      await other.page.goto(`${server.url}/sign-in${invitation}`);
      await other.page.getByRole("button", { name: "Sign in" }).click();
      await other.page.getByLabel("Your name").waitFor();
    } finally {
      await other.close();
    }
  });

  it("let a person leave", async () => {
    await limitTo({ CLANKER_READ_ONLY: "1" });
    await browser.page.getByRole("button", { name: "Sign out" }).click();
    await browser.page.getByRole("link", { name: "Browse the skills" }).waitFor();
    await browser.page.goto(`${server.url}/library`);
    await browser.page.getByText("Sign in to see this").waitFor();
  });
});

it("the pages of a server with few toolsets show those, and say of the others that they are left out", async () => {
  await limitTo({ CLANKER_TOOLSETS: "memory" });
  const { page } = browser;
  await page.getByText("leaves the toolset consent out").waitFor();
  // Nobody knows whether something waits.
  expect(await page.getByText("Nothing waits for you").count()).toBe(0);
  await page.goto(`${server.url}/library`);
  await page.getByText("We ship on Tuesdays.").waitFor();
  await page.getByText("leaves the toolset skills out").waitFor();
  // To try again would help nobody, and nothing was lost.
  expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
});
