// The yardstick: node:http that reads a request to its end and gives one answer to all, from the file $ANSWER.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { status, type, body } = JSON.parse(readFileSync(String(process.env.ANSWER), "utf8"));
const bytes = Buffer.from(body, "base64");
const headers = { "content-type": type, "content-length": bytes.length };

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    Buffer.concat(chunks);
    response.writeHead(status, headers).end(bytes);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
