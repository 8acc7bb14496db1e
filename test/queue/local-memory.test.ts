import { describe } from "vitest";
import { createLocalQueue } from "../../src/queue/local.js";
import { createMemoryStore } from "../../src/store/memory.js";
import { type Place, recordingLog } from "./bench.js";
import { queueSuite } from "./suite.js";

describe("the queue in a memory store", () => {
  queueSuite(async (): Promise<Place> => {
    const store = createMemoryStore();
    const { log } = recordingLog();
    return {
      queue: (options) => createLocalQueue({ store, log, ...options }),
      clean: () => store.close(),
    };
  });
});
