// The program comes up and answers, ends cleanly when told to, and does not outlive the npm that started it.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isHealthy, startServer } from "./server-process.mjs";

const PATIENCE_MS = 15_000;

const alone = await startServer(process.execPath, [fileURLToPath(new URL("launch.mjs", import.meta.url)), "serve"]);
console.log(`The server answers on ${alone.url}.`);
const code = await alone.stop();
console.log(`After SIGTERM it ended with ${code}.`);
if (code !== 0) console.log(alone.said());

const underNpm = await startServer("npm", ["start"]);
console.log(`npm start answers on ${underNpm.url}.`);
await underNpm.stop();
const deadline = Date.now() + PATIENCE_MS;
while ((await isHealthy(underNpm.url)) && Date.now() < deadline) await sleep(50);
const outlived = await isHealthy(underNpm.url);
console.log(outlived ? "After SIGTERM to npm the server still answers." : "After SIGTERM to npm the server is gone.");

process.exitCode = code === 0 && !outlived ? 0 : 1;
