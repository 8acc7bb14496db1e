import { expect, it } from "vitest";
import { ALL_SCOPES } from "../../../src/core/scopes.js";
import { inWords } from "../../../src/faces/web/scopes-in-words.js";

it.each(ALL_SCOPES)("what %s allows is said in a sentence", (scope) => {
  expect(inWords(scope)).toMatch(/^[A-Z].{20,}\.$/);
});

it("no two scopes are said to allow the same", () => {
  expect(new Set(ALL_SCOPES.map(inWords)).size).toBe(ALL_SCOPES.length);
});

it.each(["", "memory", "memory:delete", "connector:gmail", "connector:constructor:read", "toString"])(
  "nothing is said of a scope that does not exist: %j",
  (scope) => {
    expect(inWords(scope)).toBeUndefined();
  },
);
