import { describe } from "vitest";
import { createMemoryStore } from "../../src/store/memory.js";
import { describeStore } from "./conformance.js";

describe("memory store", () => {
  describeStore(async () => createMemoryStore());
});
