import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectHttp } from "../../support/faces.js";
import { callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer, until } from "../../support/program.js";

let server: Server;
let browser: PagesBrowser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), openPages()]);
  await signIn(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await endPrograms();
});
afterEach(() => expect(browser.faults).toEqual([]));

const button = (name: string) => browser.page.getByRole("button", { name, exact: true });

describe("activating a device", () => {
  interface Asked {
    readonly device_code: string;
    readonly user_code: string;
    readonly verification_url_complete: string;
  }
  const ask = (label: string) => callApi<Asked>(server, "POST", "/api/v1/activate", { client_label: label });
  const poll = (code: string) =>
    callApi<{ status: string; api_key?: string }>(server, "POST", "/api/v1/activate/poll", { device_code: code });

  it("shows what asks and with which code, and gives the key that was allowed", async () => {
    const asked = await ask("the build machine");
    await browser.page.goto(asked.verification_url_complete);
    await browser.page.getByRole("heading", { name: "the build machine" }).waitFor();
    expect(await browser.page.locator("main").innerText()).toContain(asked.user_code);
    await button("Allow").click();
    await browser.page.getByText("Done. The device takes its key").waitFor();
    const { api_key: key } = await until(async () => {
      const answer = await poll(asked.device_code);
      return answer.status === "completed" && answer;
    });
    expect(await callApi({ url: server.url, key: key ?? "" }, "GET", "/api/v1/memory")).toMatchObject({ content: "" });
  });

  it("gives nothing to a device that was denied; the code may be typed as people type", async () => {
    const asked = await ask("a stranger");
    await browser.page.goto(`${server.url}/activate`);
    await browser.page.getByLabel("The code on the device").fill(asked.user_code.toLowerCase().replace("-", " "));
    await button("Look it up").click();
    await button("Deny").click();
    await browser.page.getByText("Denied. The device gets no key.").waitFor();
    await until(async () => (await poll(asked.device_code)).status === "denied");
  });
});

describe("an agent's request", () => {
  let key: string;
  let count = 0;
  beforeEach(async () => {
    ({ key = "" } = await callApi(server, "POST", "/api/v1/api-keys", { name: `agent key ${(count += 1)}` }));
  });
  const ask = (scopes: string[]) =>
    callApi({ url: server.url, key }, "POST", "/api/v1/agents/connect", {
      requestedScopes: scopes,
      agentDisplayName: "Notes agent",
      reason: "To keep the notes tidy.",
    });
  const poll = (id = "") =>
    callApi<Record<string, unknown>>({ url: server.url, key }, "GET", `/api/v1/agents/connect/poll/${id}`);

  it("appears by itself, says who asks for what and why, and is granted only after a second look", async () => {
    await browser.page.goto(`${server.url}/approvals`);
    await browser.page.getByText("Nobody waits for you").waitFor();
    const { consent_id: id, link_code: code = "" } = await ask(["memory:read", "memory:write"]);
    await browser.page.getByRole("link", { name: code }).click();
    const sheet = browser.page.locator(".sheet");
    await sheet.getByText("To keep the notes tidy.").waitFor();
    const text = await sheet.innerText();
    for (const part of ["Notes agent", `agent key ${count}`, key.slice(0, 6)]) expect(text).toContain(part);
    expect(text).toContain("Add to the workspace's memory, or replace all of it.");
    expect(await sheet.locator("blockquote").innerText()).toBe("To keep the notes tidy.");
    expect(await sheet.locator("li.sensitive").innerText()).toMatch(/memory:write\s*sensitive/);
    await button("Approve").click();
    expect(await poll(id)).toMatchObject({ status: "pending" });
    await button("Allow it from now on").click();
    await sheet.getByText("You allowed this.").waitFor();
    expect(await poll(id)).toMatchObject({ status: "granted", scopes: ["memory:read", "memory:write"] });
  });

  it("can be granted in part and for an hour", async () => {
    const { consent_id: id, approval_url: url = "" } = await ask(["memory:read", "memory:write"]);
    await browser.page.goto(url);
    await button("Allow only some of these").click();
    await browser.page.getByLabel(/Add to the workspace's memory/).uncheck();
    await browser.page.getByLabel("For how long").selectOption({ label: "For one hour" });
    await button("Approve").click();
    await browser.page.getByText("You allowed this.").waitFor();
    expect(await poll(id)).toMatchObject({ status: "granted", scopes: ["memory:read"] });
  });

  it("that is denied gets nothing, and no longer waits", async () => {
    const { consent_id: id, link_code: code = "" } = await ask(["tool:execute"]);
    await browser.page.goto(`${server.url}/approvals`);
    await browser.page.getByLabel("The code the agent shows").fill(code);
    await button("Look it up").click();
    await button("Deny").click();
    await browser.page.getByText("This was denied.").waitFor();
    expect(await poll(id)).toEqual({ status: "denied" });
    await expect.poll(() => browser.page.locator(".count").count()).toBe(0);
  });
});

it("a key is made, shown once, and revoked; its client is stopped", async () => {
  await browser.page.goto(`${server.url}/settings?part=keys`);
  await button("New key").click();
  await browser.page.getByLabel("Name", { exact: true }).fill("short-lived");
  await button("Make the key").click();
  const shown = browser.page.getByRole("textbox", { name: "The new key" });
  await shown.waitFor();
  const key = (await shown.innerText()).trim();
  await button("I have it").click();
  expect(await browser.page.content()).not.toContain(key);
  const client = await connectHttp("streamable", server.url, key);
  expect(await client.call("read-memory", {})).toMatchObject({ answer: { content: "" } });
  await browser.page.getByRole("button", { name: "Revoke short-lived" }).click();
  await button("Revoke it").click();
  await browser.page.getByRole("listitem").filter({ hasText: "short-lived" }).getByText("revoked").waitFor();
  expect(await client.call("read-memory", {})).toMatchObject({ code: "KEY_REVOKED" });
  await client.close();
});

it("an invitation's link makes a member, who sees no keys, members or secrets", async () => {
  await browser.page.goto(`${server.url}/settings?part=members`);
  await button("Invite somebody").click();
  await browser.page.getByLabel("E-mail address").fill("jon@harbour.example");
  await button("Make the invitation").click();
  const link = await browser.page.getByRole("textbox", { name: "The invitation’s link" }).innerText();
  const jon = await openPages();
  try {
    await jon.page.goto(link.trim());
    await jon.page.getByRole("button", { name: "Sign in" }).click();
    await jon.page.getByLabel("Your name").fill("Jon");
    await jon.page.getByRole("button", { name: "Join the workspace" }).click();
    await jon.page.getByText("Hello, Jon.").waitFor();
    await jon.page.goto(`${server.url}/settings?part=keys`);
    await jon.page.getByText("That part is for owners and admins").waitFor();
    const parts = await jon.page.getByRole("navigation", { name: "Settings" }).getByRole("link").allTextContents();
    expect(parts).toEqual(["Agents", "Connectors", "Credits"]);
  } finally {
    await jon.close();
  }
});
