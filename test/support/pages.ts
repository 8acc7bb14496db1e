import axe from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { openBrowser } from "./browser.js";
import { runProgram, type Server } from "./program.js";

export { PAGE_PATHS } from "../../src/faces/rest/pages.js";

/** A browser that looks at a server's pages. */
export interface PagesBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong on any page: scripts that threw, whatever the content policy refused. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** A one-time link that signs the owner in, as the terminal gives it. */
export async function ownerLink(server: Server, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout, stderr } = await runProgram(["owner-link"], { home: server.home, env });
  const token = /#token=(\S+)/.exec(stdout)?.[1];
  if (token === undefined) throw new Error(`no link: ${stdout} ${stderr}`);
  return `${server.url}/sign-in#token=${token}`;
}

/** A browser of its own in which nobody is signed in. */
export async function openPages(): Promise<PagesBrowser> {
  const { context, close } = await openBrowser();
  // Below the time that a test has, so that what was waited for is named.
  context.setDefaultTimeout(20_000);
  const faults: string[] = [];
  const watch = (page: Page) => {
    page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // A refusal that a page shows in words is a red line here too.
      const isStatus = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isStatus) faults.push(`${page.url()}: ${message.text()}`);
    });
  };
  context.on("page", watch);
  const page = context.pages()[0] ?? (await context.newPage());
  watch(page);
  return { context, page, faults, close };
}

/** Signs the owner in with a fresh link, through the page. */
export async function signIn({ page }: Pick<PagesBrowser, "page">, server: Server): Promise<void> {
  await page.goto(await ownerLink(server));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(/^Hello, /).waitFor();
}

/** What axe finds wrong with the page as it is now, a line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: found } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await found.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

/** A call of the server's API with the owner's key. */
export async function callApi<T = Record<string, string>>(
  server: Pick<Server, "url" | "key">,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { "x-api-key": server.key, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
