// Stands between the suite, which sends no API key, and the server: adds the key and changes nothing else.
import { once } from "node:events";
import { createServer, request } from "node:http";

/**
 * A proxy on a free port in front of `url`. Host, Origin and whatever else the suite sends reach the server as they are.
 *
 * @param {string} url
 * @param {string} key
 */
export async function startKeyedProxy(url, key) {
  const { hostname, port } = new URL(url);
  const server = createServer((req, res) => {
    const { method, url: path, rawHeaders } = req;
    const onward = request({ hostname, port, method, path, headers: [...rawHeaders, "x-api-key", key] });
    onward.on("response", (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
      res.flushHeaders();
      answer.pipe(res);
      answer.on("error", () => res.destroy());
    });
    onward.on("error", () => res.destroy());
    res.on("close", () => onward.destroy());
    req.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
