// Makes the pages of a checkout ready for a browser: node scripts/bundle.mjs <root> <folder>
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, PAGES, readPageSources, STAMP } from "./build.mjs";

const [root, folder] = process.argv.slice(2);
if (!root || !folder) throw new Error("bundle.mjs takes the checkout and the folder to fill.");

const vite = await import("vite").catch(() => {
  process.stderr.write(`Vite, which builds the pages, is not installed: run \`npm ci\` in ${root}.\n`);
  process.exit(1);
});
const stamp = fingerprint(readPageSources(root));
await vite.build({
  root: join(root, PAGES),
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: folder,
    emptyOutDir: true,
    // An image inside the style sheet would be one more thing for the content policy to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
  },
});
writeFileSync(join(folder, STAMP), stamp);
