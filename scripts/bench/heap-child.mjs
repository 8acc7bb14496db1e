// The server, in a process that answers every message from its parent with what it uses: memory in bytes, CPU in µs,
// and how many handles.
process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { heapUsed: heap, rss } = process.memoryUsage();
  process.send?.({ heap, rss, cpu: user + system, handles: process.getActiveResourcesInfo().length });
});
process.channel?.unref();

await import(new URL("../../dist/src/main.js", import.meta.url).href);
