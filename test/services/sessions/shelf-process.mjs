// Another process that serves sessions: argv is the folder of the compiled sources, a store's address and its prefix.
import { join } from "node:path";

const [root = "", address = "", prefix = ""] = process.argv.slice(2);
/** @type {(path: string) => Promise<any>} */
const load = (path) => import(join(root, "src", path));
const { createSessionShelf } = await load("services/sessions/session-shelf.js");

const open = async () => {
  if (address.startsWith("file:")) return (await load("store/file.js")).openFileStore({ path: address.slice(5) });
  return (await load("store/redis.js")).openRedisStore({ url: address, prefix });
};
const log = { debug() {}, info() {}, warn() {}, error() {} };
const shelf = createSessionShelf({ store: await open(), idleMs: 60_000, log });
await shelf.listen((/** @type {unknown} */ message) => process.send?.({ heard: message }));
process.on("message", () => process.disconnect());
process.send?.({ name: shelf.process });
