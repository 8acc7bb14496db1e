import { StreamAnswer } from "../../src/core/answer.js";
import type { Context } from "../../src/core/operation.js";
import type { Services } from "../../src/services/services.js";

/** Entries between two looks at whether the caller's key is still good. */
const LOOK_EVERY = 500;

/** The audit log of the caller's workspace as lines of JSON, until the caller leaves or its key is no longer good. */
export function auditLines({ services, caller, signal }: Context<Services>): StreamAnswer {
  const lines = async function* () {
    let told = 0;
    for await (const entry of services.audit.entries(caller.workspace)) {
      if (signal.aborted) return;
      if (told % LOOK_EVERY === 0 && !(await services.keys.isGood(caller))) return;
      told += 1;
      yield `${JSON.stringify(entry)}\n`;
    }
  };
  return new StreamAnswer(lines(), {
    "content-type": "application/x-ndjson; charset=utf-8",
    "content-disposition": 'attachment; filename="audit-log.jsonl"',
  });
}
