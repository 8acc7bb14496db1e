import type { NewArtifact } from "../services/artifacts.js";
import type { ExecutionRef, Journal, NewBlock } from "../services/executions/journal.js";

/** What a run has produced so far: text is gathered into blocks, each of which is kept before the next begins. */
export interface RunOutput {
  /** Whether an earlier attempt left blocks. */
  readonly continued: boolean;
  text(piece: string): Promise<void>;
  file(name: string | undefined, mimeType: string, content: Uint8Array): Promise<void>;
  note(name: string, text: string): Promise<void>;
  error(text: string): Promise<void>;
  /** Keeps the text that is still gathered. */
  flush(): Promise<void>;
  /** All text of this run. */
  whole(): string;
  /** Notes how many characters the model was given. */
  given(characters: number): void;
  /** Notes what the provider counted. */
  used(tokens: number): void;
  /** Tokens to pay for: as counted, or a quarter of the characters where the model had answered and nobody counted. */
  tokens(): number;
}

/** A block is kept after this many characters or milliseconds, whichever comes first. */
const BLOCK_CHARACTERS = 2000;
const BLOCK_MS = 250;

/** The output of a run, behind the blocks that an earlier attempt left. */
export async function createRunOutput(
  journal: Journal,
  ref: ExecutionRef,
  signals: {
    /** Aborted when another process may have the run. */
    readonly interrupted: AbortSignal;
    /** Called when the execution turns out to be over. */
    readonly over: () => void;
  },
): Promise<RunOutput> {
  let index = (await journal.blocks(ref)).length;
  const continued = index > 0;
  let gathered = "";
  let since = 0;
  let whole = "";
  let given = 0;
  let counted: number | undefined;
  let answered = 0;

  const append = async (block: NewBlock, file?: NewArtifact): Promise<void> => {
    for (;;) {
      const outcome = await journal.append(ref, index, block, file);
      if (outcome === "ended") signals.over();
      if (outcome !== "taken") break;
      // A process that lost its lease may still write for a moment; then the next free place is further on.
      signals.interrupted.throwIfAborted();
      index = (await journal.blocks(ref)).length;
    }
    index += 1;
  };

  const output: RunOutput = {
    continued,
    async text(piece) {
      if (gathered === "") since = performance.now();
      gathered += piece;
      whole += piece;
      answered += piece.length;
      if (gathered.length >= BLOCK_CHARACTERS || performance.now() - since >= BLOCK_MS) await output.flush();
    },
    async file(name, mimeType, content) {
      await output.flush();
      answered += content.byteLength;
      await append({ type: "file" }, { name: name ?? "", mimeType, content });
    },
    async note(name, text) {
      await output.flush();
      await append({ type: "tool", name, text });
    },
    async error(text) {
      await append({ type: "error", text });
    },
    async flush() {
      if (gathered === "") return;
      const text = gathered;
      gathered = "";
      await append({ type: "text", text });
    },
    whole: () => whole,
    given(characters) {
      given = characters;
    },
    used(tokens) {
      counted = tokens;
    },
    tokens: () => counted ?? (answered === 0 ? 0 : Math.ceil((given + answered) / 4)),
  };
  return output;
}
