import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { dirname, extname, join, parse } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, connectRest } from "../support/faces.js";
import { CHECKOUT, endPrograms, type Server, startServer, temporaryFolder } from "../support/program.js";

const run = promisify(execFile);
const inCheckout = async (folder: string, ending = "") =>
  (await readdir(join(CHECKOUT, folder))).filter((name) => extname(name) === ending).map((name) => parse(name).name);

/** The package as npm would install it: its files, and of the packages those that it says it needs. */
async function installed(): Promise<string> {
  const folder = await temporaryFolder();
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: CHECKOUT,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  await run("tar", ["-xzf", join(folder, packed?.filename ?? ""), "-C", folder]);
  const root = join(folder, "package");
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    const place = join(root, "node_modules", name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(CHECKOUT, "node_modules", name), place);
  }
  return root;
}

describe("the package, installed from its archive", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ launch: join(await installed(), "scripts", "launch.mjs") });
  });
  afterAll(endPrograms);

  it("brings every skill and every workflow that the checkout has", async () => {
    const rest = connectRest(server.url, server.key);
    const { data: skills } = await ask(rest, "browse-marketplace", { limit: 100 });
    expect(skills.map(({ slug }: { slug: string }) => slug).sort()).toEqual((await inCheckout("skills")).sort());
    const { data: workflows } = await ask(rest, "list-workflows", {});
    expect(workflows.map(({ id }: { id: string }) => id).sort()).toEqual(
      (await inCheckout("workflows", ".yaml")).sort(),
    );
    expect(server.stderr()).not.toContain("left out");
  });

  it("brings the pages, with all that they load", async () => {
    const page = await (await fetch(`${server.url}/`)).text();
    const loaded = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(loaded.length).toBeGreaterThan(2);
    for (const path of loaded) expect((await fetch(`${server.url}${path}`)).status, path).toBe(200);
  });
});
