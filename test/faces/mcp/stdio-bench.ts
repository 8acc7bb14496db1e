import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ReadBuffer, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { PassThrough } from "node:stream";
import { serveStdio } from "../../../src/faces/mcp/stdio.js";
import { callerWith, createProgram } from "./workbench.js";

/** The server's end of two pipes, and the pipes. */
export function openStdio() {
  const program = createProgram();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const local = callerWith({ kind: "local" });
  const served = serveStdio({ ...program.options, caller: local, stdin, stdout });
  return { program, stdin, stdout, served };
}

/** An official client on those pipes; the one over a real process is in stdio.test.ts. */
export async function serveOverStdio() {
  const { program, stdin, stdout, served } = openStdio();
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(overPipes(stdout, stdin));
  return {
    program,
    client,
    async close() {
      await client.close();
      await served;
      await program.close();
    },
  };
}

function overPipes(input: PassThrough, output: PassThrough): Transport {
  const buffer = new ReadBuffer();
  const transport: Transport = {
    async start() {
      input.on("data", (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
          transport.onmessage?.(message);
        }
      });
    },
    async send(message) {
      output.write(serializeMessage(message));
    },
    async close() {
      output.end();
      transport.onclose?.();
    },
  };
  return transport;
}
