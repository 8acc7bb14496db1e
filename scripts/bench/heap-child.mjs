// The server, in a process that answers every message from its parent with what it uses: heap in bytes, CPU in µs.
process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ heap: process.memoryUsage().heapUsed, cpu: user + system });
});
process.channel?.unref();

await import(new URL("../../dist/src/main.js", import.meta.url).href);
