import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { AppError } from "../../../core/errors.js";
import type { Change, ChangeSource } from "../change-hub.js";
import type { DoorParts } from "../door-parts.js";
import { Refusal } from "../door.js";
import type { Visitor } from "../stream-watch.js";
import { writeOn } from "../stream-writing.js";
import { notificationsOf } from "./server.js";
import type { StreamableSession } from "./session-table.js";
import { beginStream, eventText, KEEP_ALIVE } from "./sse-text.js";

/** Bytes that may wait for a client that does not read; past them it is cut off, and can resume. */
const MAX_BACKLOG = 1024 * 1024;
/** The most that is replayed. */
const REPLAYED = 1000;
/** The first revision whose clients take an event without a message. */
const TAKES_EMPTY_EVENTS = "2025-11-25";

/** How far a client has come: all there is to tell of the changes up to one, or of that one only up to a place. */
export interface Position {
  readonly change: number;
  readonly place?: number;
}

interface Stream {
  readonly headers: IncomingHttpHeaders;
  readonly res: ServerResponse;
  /** Where the client lost the one before; absent where it begins to listen. */
  readonly after?: Position | undefined;
}

/** Serves a session's stream of notifications, until the client leaves, the session ends or another stream takes over. */
export type ServeNotifications = (session: StreamableSession, visitor: Visitor, stream: Stream) => Promise<void>;

/** The position that an event's id stands for; undefined where it is none of a stream of notifications. */
export function positionOf(eventId: string): Position | undefined {
  const [, change, place] = /^w(\d{1,15})(?:\.(\d{1,3}))?$/.exec(eventId) ?? [];
  if (change === undefined) return undefined;
  return { change: Number(change), ...(place !== undefined && { place: Number(place) }) };
}

const idAt = ({ change, place }: Position): string => (place === undefined ? `w${change}` : `w${change}.${place}`);

/**
 * The streams of notifications. They are made of the changes of the workspace, whose ids are the same on every process:
 * wherever a client comes back it is told what it missed, once, although nothing is kept for it.
 */
export function createNotifications(parts: DoorParts & { readonly changes: ChangeSource }): ServeNotifications {
  const { changes, table, shelf, keepAliveMs } = parts;
  const { hub } = parts.answering;

  return async (session, visitor, { headers, res, after }) => {
    if (res.destroyed) return;
    if (session.listening && !after) {
      throw new Refusal(new AppError("CONFLICT", "This session listens already, and to one stream at a time."));
    }
    session.listening?.();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    session.listening = end;
    res.once("close", end);
    const closeStream = table.openStream(session, visitor, end);
    const { workspace } = visitor.caller;
    const early: Change[] = [];
    let hear = (change: Change): void => void early.push(change);
    const stop = hub.listen(workspace, (change) => hear(change));
    let keepAlive: NodeJS.Timeout | undefined;
    try {
      await hub.ready(workspace);
      if (res.destroyed) return;
      await shelf.broadcast({ kind: "listening", session: session.id, process: shelf.process });
      const newest = Number(await changes.newest(workspace));
      // Ids begin anew in a store that has lost what it had.
      const lost = after && after.change <= newest ? after : undefined;
      const from = lost ?? { change: newest };
      const missed = lost ? await changesAfter(changes, workspace, lost) : [];
      beginStream(res, session.id);
      if (String(headers["mcp-protocol-version"]) >= TAKES_EMPTY_EVENTS) writeOn(res, eventText(idAt(from), ""));
      const textsOf = teller(session, from);
      for (const text of missed.flatMap(textsOf).slice(-REPLAYED)) writeOn(res, text);
      const replayed = new Set(missed.map(({ id }) => id));
      hear = (change) => {
        // What the client has, or was just replayed, may only now come in from the process where it happened.
        if (lost && (replayed.has(change.id) || Number(change.id) <= lost.change)) return;
        for (const text of textsOf(change)) writeOn(res, text);
        if (res.writableLength > MAX_BACKLOG) res.destroy();
      };
      early.forEach(hear);
      keepAlive = setInterval(() => writeOn(res, KEEP_ALIVE), keepAliveMs).unref();
      await ended;
    } finally {
      clearInterval(keepAlive);
      stop();
      closeStream();
      if (session.listening === end) session.listening = undefined;
      if (res.headersSent) res.end();
    }
  };
}

/** What happened after a position and is kept; all of the change that the position is in. */
async function changesAfter(source: ChangeSource, workspace: number, { change, place }: Position): Promise<Change[]> {
  const found: Change[] = [];
  let after = place === undefined ? change : change - 1;
  for (;;) {
    const more = await source.since(workspace, String(after));
    const last = more.at(-1);
    if (!last) return found;
    found.push(...more);
    after = Number(last.id);
  }
}

/** Turns changes into events. Changes may overtake each other on their way to a process; the ids never go back. */
function teller({ mcp, subscriptions }: StreamableSession, from: Position): (change: Change) => string[] {
  let reached = from;
  return (change) => {
    const number = Number(change.id);
    return notificationsOf(change, mcp.caller(), subscriptions).flatMap((notification, place) => {
      if (number === from.change && place <= (from.place ?? -1)) return [];
      if (number >= reached.change) reached = { change: number, place };
      return [eventText(idAt(reached), JSON.stringify({ jsonrpc: "2.0", ...notification }))];
    });
  };
}
