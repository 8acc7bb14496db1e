import { writeSync } from "node:fs";
import { takeOnce, update } from "../../src/store/atomic.js";
import { openFileStore } from "../../src/store/file.js";
import type { Store } from "../../src/store/port.js";
import { openRedisStore } from "../../src/store/redis.js";

/** What a test may ask of this process: opened with the store's address and prefix, then one task a message. */
export type Task =
  | { readonly task: "append"; readonly label: string; readonly times: number }
  | { readonly task: "take"; readonly ids: readonly string[] }
  | { readonly task: "increment"; readonly times: number }
  | { readonly task: "write"; readonly label: string }
  | { readonly task: "fill" }
  | { readonly task: "listen"; readonly channel: string }
  | { readonly task: "publish"; readonly channel: string }
  | { readonly task: "heard" };

const [address = "", prefix = ""] = process.argv.slice(2);
const heard: unknown[] = [];

async function open(): Promise<Store> {
  return address.startsWith("file:")
    ? openFileStore({ path: address.slice("file:".length) })
    : openRedisStore({ url: address, prefix });
}

async function perform(store: Store, order: Task): Promise<unknown> {
  switch (order.task) {
    case "append":
      for (let n = 0; n < order.times; n += 1) {
        await update<string[]>(store, "race", "list", (list) => ({ value: [...list, `${order.label}${n}`] }));
      }
      return order.times;
    case "take": {
      const taken = await Promise.all(order.ids.map((id) => takeOnce<string>(store, "takes", id)));
      return taken.filter((value) => value !== undefined);
    }
    case "increment": {
      const numbers: number[] = [];
      for (let n = 0; n < order.times; n += 1) numbers.push(await store.increment("race"));
      return numbers;
    }
    case "write":
      for (let n = 0; ; n += 1) {
        const id = `${order.label}-${n}`;
        await Promise.all([
          store.commit([
            { kind: "insert", collection: "written", id, value: "x".repeat(1000), order: id, tags: ["t"] },
          ]),
          store.documents("written").set(id, id),
          store.increment("written"),
        ]);
        writeSync(1, `${id}\n`);
      }
    case "fill":
      return fill(store);
    case "listen":
      await store.subscribe(order.channel, (message) => heard.push([message, Date.now()]));
      return true;
    case "publish":
      await store.publish(order.channel, { from: process.pid, at: Date.now() });
      return true;
    case "heard":
      return heard;
  }
}

/** Writes until the disk takes no more, then tells what happened and what can still be read. */
async function fill(store: Store): Promise<unknown> {
  for (let n = 0; ; n += 1) {
    try {
      await store.commit([{ kind: "insert", collection: "filled", id: String(n), value: "x".repeat(20_000) }]);
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      const last = await store.get("filled", String(n - 1));
      return { written: n, code, message, readable: last !== undefined };
    }
  }
}

const store = await open();
process.on("message", (order: Task) => {
  void perform(store, order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ result: "ready" });
