import { join } from "node:path";
import { freePort, type Listening, startListener } from "./listening.js";
import { installedFolder } from "../../scripts/npm-folder.mjs";

/**
 * Prism over an OpenAPI document: it answers examples, tells in the header `sl-violations` what of a request does not
 * fit, and refuses with 422 what it cannot take. Starting it takes some twenty seconds.
 */
export async function startPrism(document: string): Promise<Listening> {
  const modules = await installedFolder("prism");
  const prism = join(modules, "@stoplight", "prism-cli", "dist", "index.js");
  const port = await freePort();
  const args = [prism, "mock", "--host", "127.0.0.1", "--port", `${port}`, document];
  return startListener(process.execPath, args, port, "Prism is listening");
}
