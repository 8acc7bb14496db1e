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

/** The one Markdown document that every agent of a workspace reads and writes. */
export interface Memory {
  read(workspace: number): Promise<{ content: string }>;
  /** `append` joins under {@link NOTE_SEPARATOR} and never loses another writer's note. */
  write(workspace: number, content: string, mode: "replace" | "append"): Promise<{ content: string }>;
}

/** The memory service. Throws `INVALID_INPUT` when the document would grow past {@link MEMORY_LIMIT}. */
export function createMemory({ store, events, now }: { store: Store; events: Events; now: () => number }): Memory {
  const collection = "memory";
  return {
    async read(workspace) {
      const found = await store.get<MemoryRecord>(collection, String(workspace));
      return { content: found?.value.content ?? "" };
    },
    async write(workspace, content, mode) {
      const id = String(workspace);
      const written = await untilCommitted(async () => {
        const found = await store.get<MemoryRecord>(collection, id);
        const before = mode === "append" ? (found?.value.content ?? "") : "";
        if (mode === "append" && content === "") return { result: { content: before } };
        const value = { content: before === "" ? content : before + NOTE_SEPARATOR + content, updatedAt: now() };
        requireShort(value.content);
        const held = found
          ? await store.commit([{ kind: "replace", collection, id, version: found.version, value }])
          : await createIfAbsent(store, { collection, id, value });
        return held ? { result: value } : undefined;
      });
      await events.publish(workspace, { type: "memory-updated", data: { characters: written.content.length } });
      return { content: written.content };
    },
  };
}

function requireShort(content: string): void {
  if (content.length <= MEMORY_LIMIT) return;
  throw new AppError(
    "INVALID_INPUT",
    `The memory holds ${MEMORY_LIMIT} characters at most and this would make it ${content.length}; write a shorter one with mode replace.`,
  );
}
