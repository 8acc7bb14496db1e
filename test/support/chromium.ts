import { programOf } from "./debian.js";

const ADVICE = "This test needs Chromium: install Debian's chromium package, or set CHROMIUM_PATH to its program.";

/** A Chromium on this machine: `CHROMIUM_PATH`, one on PATH, or Debian's, installed where apt and root allow. */
export async function chromiumPath(): Promise<string> {
  return (
    process.env["CHROMIUM_PATH"] || programOf(["chromium", "chromium-browser", "google-chrome"], "chromium", ADVICE)
  );
}
