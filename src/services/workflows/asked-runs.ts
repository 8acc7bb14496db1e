import { createHash } from "node:crypto";
import type { Caller } from "../../core/caller.js";
import { untilCommitted } from "../../store/atomic.js";
import type { Store } from "../../store/port.js";

/** A question that a call was left with: the run that the call had begun, and the step that waits. */
export interface AskedRun {
  readonly run: string;
  readonly step: string;
}

/** The call that starts a run, by which it is known when it comes again. */
export interface StartCall {
  readonly caller: Pick<Caller, "kind" | "workspace" | "person" | "key">;
  readonly workflow: string;
  readonly inputData: unknown;
}

/** Runs whose start was left with a question, so that the call that brings the answer does not start another. */
export interface AskedRuns {
  note(call: StartCall, asked: AskedRun): Promise<void>;
  find(call: StartCall): Promise<readonly AskedRun[]>;
}

const COLLECTION = "asked-runs";
/** As long as a client may take to answer. */
const KEPT_MS = 600_000;
const MOST = 8;

/** {@link AskedRuns} in a store. */
export function createAskedRuns(store: Store): AskedRuns {
  const idOf = ({ caller, workflow, inputData }: StartCall): string => {
    const { kind, workspace, person, key } = caller;
    const call = JSON.stringify([kind, workspace, person, key, workflow, inputData]);
    return createHash("sha256").update(call).digest("base64url");
  };
  return {
    async note(call, asked) {
      const id = idOf(call);
      await untilCommitted(async () => {
        const found = await store.get<AskedRun[]>(COLLECTION, id);
        const others = (found?.value ?? []).filter(({ run }) => run !== asked.run);
        const value = [asked, ...others].slice(0, MOST);
        const base = { collection: COLLECTION, id, value, ttlMs: KEPT_MS };
        const held = await store.commit([
          found
            ? { kind: "replace", ...base, version: found.version }
            : { kind: "insert", ...base, order: id, tags: [`workspace:${call.caller.workspace}`] },
        ]);
        return held ? { result: undefined } : undefined;
      });
    },
    find: async (call) => (await store.get<AskedRun[]>(COLLECTION, idOf(call)))?.value ?? [],
  };
}
