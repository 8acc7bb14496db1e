import { AppError } from "../core/errors.js";
import { MEMORY_LIMIT } from "../core/shapes/memory.js";
import { createIfAbsent, untilCommitted } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import type { Events } from "./events.js";

/** Between two notes that were appended. */
const NOTE_SEPARATOR = "\n\n---\n\n";

interface MemoryRecord {
  readonly content: string;
  readonly updatedAt: number;
}

/** The document and its version. */
export interface MemoryView {
  readonly content: string;
  readonly version: number;
}

/** The one Markdown document that every agent of a workspace reads and writes. */
export interface Memory {
  /** Its version changes with every write; 0 before the first. */
  read(workspace: number): Promise<MemoryView>;
  /**
   * `append` joins under {@link NOTE_SEPARATOR} and never loses another writer's note. Throws `CONFLICT` where the
   * document is no longer at the version that is named.
   */
  write(workspace: number, content: string, mode: "replace" | "append", version?: number): Promise<MemoryView>;
}

/** The memory service. Throws `INVALID_INPUT` when the document would grow past {@link MEMORY_LIMIT}. */
export function createMemory({ store, events, now }: { store: Store; events: Events; now: () => number }): Memory {
  const collection = "memory";
  return {
    async read(workspace) {
      const found = await store.get<MemoryRecord>(collection, String(workspace));
      return { content: found?.value.content ?? "", version: found?.version ?? 0 };
    },
    async write(workspace, content, mode, version) {
      const id = String(workspace);
      const written = await untilCommitted(async () => {
        const found = await store.get<MemoryRecord>(collection, id);
        const at = found?.version ?? 0;
        if (version !== undefined && version !== at) throw changedMeanwhile();
        const before = mode === "append" ? (found?.value.content ?? "") : "";
        if (mode === "append" && content === "") return { result: { content: before, version: at } };
        const value = { content: before === "" ? content : before + NOTE_SEPARATOR + content, updatedAt: now() };
        requireShort(value.content);
        const held = found
          ? await store.commit([{ kind: "replace", collection, id, version: found.version, value }])
          : await createIfAbsent(store, { collection, id, value });
        return held ? { result: { content: value.content, version: at + 1 } } : undefined;
      });
      await events.publish(workspace, { type: "memory-updated", data: { characters: written.content.length } });
      return written;
    },
  };
}

function changedMeanwhile(): AppError {
  return new AppError(
    "CONFLICT",
    "Somebody else wrote to the memory since that version; read it again, and write what you make of both.",
  );
}

function requireShort(content: string): void {
  if (content.length <= MEMORY_LIMIT) return;
  throw new AppError(
    "INVALID_INPUT",
    `The memory holds ${MEMORY_LIMIT} characters at most and this would make it ${content.length}; write a shorter one with mode replace.`,
  );
}
