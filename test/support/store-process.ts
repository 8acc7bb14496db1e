import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { compiledRoot } from "./compiled.js";
import type { Task } from "./store-worker.js";

/** Another process that has the same store open. */
export interface StoreProcess {
  readonly child: ChildProcess;
  /** Has a task done and answers its result. */
  ask(order: Task): Promise<unknown>;
  /** Ends it as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts one and waits until its store is open; `shell` runs first in its shell, e.g. a `ulimit`. */
export async function startStoreProcess(address: string, prefix = "", shell = ":"): Promise<StoreProcess> {
  const worker = join(await compiledRoot(), "test/support/store-worker.js");
  const child = spawn("sh", ["-c", `${shell}; exec "$0" "$@"`, process.execPath, worker, address, prefix], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const answer = async (): Promise<unknown> => {
    const gone = new AbortController();
    child.once("exit", () => gone.abort(new Error("the store's process ended")));
    const [reply] = (await once(child, "message", { signal: gone.signal })) as [{ result?: unknown; failed?: string }];
    if (reply.failed !== undefined) throw new Error(reply.failed);
    return reply.result;
  };
  await answer();
  return {
    child,
    ask(order) {
      const reply = answer();
      child.send(order);
      return reply;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
