import { afterAll, beforeAll, expect, it } from "vitest";
import { callApi, openPages, type PagesBrowser, signIn } from "../../support/pages.js";
import { endPrograms, type Server, startServer } from "../../support/program.js";
import { type ScriptedModel, scriptedModel } from "../../support/scripted-model.js";

let model: ScriptedModel;
let server: Server;
let browser: PagesBrowser;
beforeAll(async () => {
  model = await scriptedModel();
  const words = Array.from({ length: 60 }, (_, index) => `Paragraph ${index} of the answer.\n\n`).join("");
  model.mock.onMessage("tell slowly", { content: words }, { chunkSize: 30, latency: 60 });
  [server, browser] = await Promise.all([startServer({ env: model.env }), openPages()]);
  await callApi(server, "POST", "/api/v1/skills/summarize/install");
  await signIn(browser, server);
});
afterAll(async () => {
  await browser?.close();
  await model?.stop();
  await endPrograms();
});

const run = (input: string) => callApi(server, "POST", "/api/v1/skills/summarize/run", { input, interface: "api" });

it("an execution that somebody starts elsewhere appears by itself, and its output streams in", async () => {
  const { page } = browser;
  await page.goto(`${server.url}/executions`);
  await page.getByText("Nothing has run yet").waitFor();
  const { executionId = "" } = await run("tell slowly");
  await page.getByRole("link", { name: executionId }).click();
  const output = page.getByRole("log");
  await output.waitFor();
  const lengths = new Set<number>();
  await expect
    .poll(
      async () => {
        lengths.add((await output.innerText()).length);
        return page.locator(".title-row .status").innerText();
      },
      { timeout: 25_000, interval: 150 },
    )
    .toBe("completed");
  expect(await output.innerText()).toContain("Paragraph 59 of the answer.");
  expect(lengths.size).toBeGreaterThan(1);
});

it("a run that is under way is cancelled from its page", async () => {
  model.slowly("a long story", 50);
  const { executionId = "" } = await run("a long story");
  await browser.page.goto(`${server.url}/executions?id=${executionId}`);
  await browser.page.getByRole("button", { name: "Cancel this execution" }).click();
  await browser.page.locator(".title-row .status", { hasText: "cancelled" }).waitFor();
});

it("what an agent remembers shows on the page that is open", async () => {
  await browser.page.goto(`${server.url}/library`);
  await browser.page.getByText("Nothing is remembered yet").waitFor();
  await callApi(server, "PUT", "/api/v1/memory", { content: "Decided: Tuesdays.", mode: "append" });
  await browser.page.getByText("Decided: Tuesdays.").waitFor();
});

it("a page whose server stops says so, and catches up once it is back", async () => {
  const { page } = browser;
  await page.goto(`${server.url}/library`);
  await page.getByText("Decided: Tuesdays.").waitFor();
  await server.kill();
  await page.getByText("The connection was lost").waitFor();
  server = await startServer({ home: server.home, env: { ...model.env, PORT: new URL(server.url).port } });
  await callApi(server, "PUT", "/api/v1/memory", { content: "Meanwhile: Wednesdays.", mode: "append" });
  await page.getByText("Meanwhile: Wednesdays.").waitFor();
  await page.getByText("The connection was lost").waitFor({ state: "detached" });
}, 60_000);
