import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECKOUT } from "../support/program.js";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly overrides?: Readonly<Record<string, string>>;
}
interface Locked extends Manifest {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}
interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
}

const read = (path: string): unknown => JSON.parse(readFileSync(join(CHECKOUT, path), "utf8"));

/** The project, and the programs of its tests that have lockfiles of their own. */
const FOLDERS = [".", "scripts/conformance", "scripts/inspector", "scripts/node24", "scripts/prism"];
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

describe.each(FOLDERS)("P62: the dependencies of %s", (folder) => {
  const manifest = read(join(folder, "package.json")) as Manifest;
  const lock = read(join(folder, "package-lock.json")) as Lock;
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

  it("are wanted in one exact version each, which is the one in the lockfile", () => {
    expect(Object.keys(wanted).length).toBeGreaterThan(0);
    for (const [name, version] of [...Object.entries(wanted), ...Object.entries(manifest.overrides ?? {})]) {
      const exact = version.replace(/^npm:@?[^@]+@/, "");
      expect(exact, name).toMatch(EXACT);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(exact);
    }
  });

  it("are locked whole, each by its content, and bound to no registry's host", () => {
    expect(lock.lockfileVersion).toBeGreaterThanOrEqual(3);
    for (const [path, { version, integrity, resolved, link }] of packages) {
      expect(version, path).toMatch(EXACT);
      expect(integrity, path).toMatch(/^sha512-/);
      expect({ resolved, link }, path).toEqual({});
    }
  });

  it("run no script when they are installed, unless that was switched off or allowed on purpose", () => {
    const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
    // The programs of the tests are installed by this script, which runs none at all.
    const ignored = readFileSync(join(CHECKOUT, "scripts", "npm-folder.mjs"), "utf8").includes(
      '"ci", "--ignore-scripts"',
    );
    const off = folder === "." || !ignored ? Object.keys(manifest.allowScripts ?? {}) : scripted;
    expect(off).toEqual(expect.arrayContaining([...new Set(scripted)]));
    expect(Object.values(manifest.allowScripts ?? {})).not.toContain(true);
  });
});

const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
