import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Listening, startListener } from "./listening.js";
import { node24 } from "../../scripts/node24.mjs";

/** A third-party emulator of one service, with these things in it; see the package `emulate` for the seed. */
export async function startEmulator(service: "clerk" | "github" | "google", seed: object): Promise<Listening> {
  const { program, modules } = await node24();
  const folder = await mkdtemp(join(tmpdir(), "clanker-emulate-"));
  const forget = () => rm(folder, { recursive: true, force: true });
  try {
    const seedFile = join(folder, "seed.yaml");
    await writeFile(seedFile, JSON.stringify({ [service]: seed }));
    const port = await freePort();
    const emulate = join(modules, "emulate", "dist", "index.js");
    const args = [emulate, "start", "--service", service, "--port", `${port}`, "--seed", seedFile];
    const listening = await startListener(program, args, port, "Ready.");
    return {
      url: listening.url,
      async stop() {
        await listening.stop();
        await forget();
      },
    };
  } catch (thrown) {
    await forget();
    throw thrown;
  }
}
