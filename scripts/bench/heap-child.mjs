// The server, in a process that answers every message from its parent with the bytes of heap in use.
process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed);
});
process.channel?.unref();

await import(new URL("../../dist/src/main.js", import.meta.url).href);
