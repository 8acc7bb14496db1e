import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startEmulator } from "../../support/emulate.js";
import { freePort, listen, type Listening, receive, type Received } from "../../support/listening.js";
import { axeViolations, callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer } from "../../support/program.js";

const OCTOCAT = "octocat";

let github: Listening;
let revocations: Listening;
const revoked: Received[] = [];
let server: Server;
let browser: PagesBrowser;
beforeAll(async () => {
  const port = await freePort();
  [github, revocations] = await Promise.all([
    startEmulator("github", {
      users: [{ login: OCTOCAT, name: "Octo Cat", email: "octo@example.test" }],
      oauth_apps: [
        {
          client_id: "gh-app",
          client_secret: "canary-github-secret",
          name: "Clanker",
          redirect_uris: [`http://127.0.0.1:${port}/api/v1/connectors/github/callback`],
        },
      ],
    }),
    // The emulator has no way to revoke a token.
    listen(
      receive((request) => {
        revoked.push(request);
        return { status: 204 };
      }),
    ),
  ]);
  const env = {
    PORT: `${port}`,
    GITHUB_CLIENT_ID: "gh-app",
    GITHUB_CLIENT_SECRET: "canary-github-secret",
    GITHUB_AUTHORIZE_URL: `${github.url}/login/oauth/authorize`,
    GITHUB_TOKEN_URL: `${github.url}/login/oauth/access_token`,
    GITHUB_REVOKE_URL: `${revocations.url}/applications/{client_id}/token`,
    GITHUB_API_URL: github.url,
  };
  [server, browser] = await Promise.all([startServer({ env }), openPages()]);
  await signIn(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await endPrograms();
  await Promise.all([github?.stop(), revocations?.stop()]);
});
afterEach(() => expect(browser.faults).toEqual([]));

const row = (app: string) =>
  browser.page.getByRole("list", { name: "Apps" }).getByRole("listitem").filter({ hasText: app });
const connected = async () =>
  (await callApi<{ connected: boolean }>(server, "GET", "/api/v1/connectors/github")).connected;

describe("connecting an app from the settings", () => {
  beforeEach(async () => {
    if (await connected()) await callApi(server, "POST", "/api/v1/connectors/github/disconnect");
    revoked.length = 0;
    await browser.page.goto(`${server.url}/settings?part=connectors`);
    await row("GitHub").getByText("not connected").waitFor();
  });

  /** As far as the provider's question. */
  async function toTheProvider(): Promise<void> {
    await browser.page.getByRole("button", { name: "Connect GitHub" }).click();
    await browser.page.waitForURL(`${github.url}/**`);
  }

  it("leads over the provider's question to a page that says connected, and back; disconnecting takes it all back", async () => {
    const { page } = browser;
    await toTheProvider();
    await page.locator("form", { hasText: OCTOCAT }).locator("button").click();
    await page.getByRole("heading", { level: 1, name: "GitHub is connected" }).waitFor();
    await page.getByText(`GitHub is connected as ${OCTOCAT}.`).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("link", { name: "connectors" }).click();
    await page.waitForURL(`${server.url}/settings?part=connectors`);
    await row("GitHub").getByText(OCTOCAT).waitFor();
    expect(await row("GitHub").locator(".status").innerText()).toBe("connected");
    expect(await axeViolations(page)).toEqual([]);

    await page.getByRole("button", { name: "Disconnect GitHub" }).click();
    const dialog = page.getByRole("dialog", { name: "Disconnect GitHub?" });
    expect(await axeViolations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Keep it as it is" }).click();
    expect(await connected()).toBe(true);
    await page.getByRole("button", { name: "Disconnect GitHub" }).click();
    await dialog.getByRole("button", { name: "Disconnect it" }).click();
    await row("GitHub").getByText("not connected").waitFor();
    expect(await connected()).toBe(false);
    expect(revoked).toHaveLength(1);
  });

  it("that the person declines at the provider says so, connects nothing, and leads back", async () => {
    const { page } = browser;
    await toTheProvider();
    const asked = new URL(page.url()).searchParams;
    // The emulator's page has no button to decline; this is where GitHub's own sends the browser.
    const declined = new URLSearchParams({ error: "access_denied", state: asked.get("state") ?? "" });
    await page.goto(`${asked.get("redirect_uri")}?${declined.toString()}`);
    await page.getByText("Access was declined at GitHub").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("link", { name: "connectors" }).click();
    await row("GitHub").getByText("not connected").waitFor();
    expect(await connected()).toBe(false);
  });

  it("can be begun anew after the back button", async () => {
    await toTheProvider();
    await browser.page.goBack();
    await row("GitHub").getByText("not connected").waitFor();
    await toTheProvider();
    await browser.page.locator("form", { hasText: OCTOCAT }).locator("button").click();
    await browser.page.getByRole("heading", { level: 1, name: "GitHub is connected" }).waitFor();
  });
});

it("an app that the operator has not set up has no button, and says why", async () => {
  await browser.page.goto(`${server.url}/settings?part=connectors`);
  await row("Notion").getByText("Needs an OAuth client in this server’s settings").waitFor();
  expect(await row("Notion").getByRole("button").count()).toBe(0);
});
