import { connectHttp, connectStdio, type McpFace, type TRANSPORTS } from "./faces.js";
import { type Environment, type Server, startServer } from "./program.js";

/** A program with an SDK client; over HTTP the program is a server of its own, over stdio the client started it. */
export interface OpenFace {
  readonly face: McpFace;
  /** Over HTTP alone. */
  readonly server?: Server;
  /** Takes leave as people do: the client closes, the server is told to stop. */
  close(): Promise<void>;
}

/** Starts the program in a home and connects to it as its owner. */
export async function openFace(
  transport: (typeof TRANSPORTS)[number],
  home: string,
  env: Environment,
): Promise<OpenFace> {
  if (transport === "stdio") {
    const face = await connectStdio(home, env);
    return { face, close: () => face.close() };
  }
  const server = await startServer({ home, env });
  const face = await connectHttp(transport, server.url, server.key);
  return {
    face,
    server,
    async close() {
      await face.close();
      await server.kill("SIGTERM");
    },
  };
}
