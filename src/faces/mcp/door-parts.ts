import type { IncomingMessage, ServerResponse } from "node:http";
import type { Log } from "../../core/log.js";
import type { SessionShelf } from "../../core/session-shelf.js";
import type { Answering } from "./answering.js";
import type { Peers } from "./legacy/peers.js";
import type { SessionTable } from "./legacy/session-table.js";
import type { Choices } from "./session-choice.js";
import type { StreamWatch, Visitor } from "./stream-watch.js";

/** Serves one kind of request at a door. */
export type Serve = (req: IncomingMessage, res: ServerResponse, visitor: Visitor) => Promise<void>;

/** What the HTTP doors share. */
export interface DoorParts {
  readonly answering: Answering;
  readonly table: SessionTable;
  readonly shelf: SessionShelf;
  readonly peers: Peers;
  readonly watch: StreamWatch;
  readonly choices: Choices;
  readonly log: Log;
  readonly now: () => number;
  readonly maxBody: number;
  readonly patienceMs: number;
  readonly keepAliveMs: number;
}
