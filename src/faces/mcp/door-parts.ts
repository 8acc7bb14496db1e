import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionTable, Visitor } from "./http-sessions.js";
import type { Sessions } from "./server.js";
import type { Choices } from "./session-choice.js";

/** Serves one kind of request at a door. */
export type Serve = (req: IncomingMessage, res: ServerResponse, visitor: Visitor) => Promise<void>;

/** What the HTTP doors share. */
export interface DoorParts extends Sessions {
  readonly table: SessionTable;
  readonly choices: Choices;
  readonly now: () => number;
  readonly maxBody: number;
  readonly patienceMs: number;
  readonly keepAliveMs: number;
}
