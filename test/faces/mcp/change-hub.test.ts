import { describe, expect, it } from "vitest";
import { createChangeHub, type Change } from "../../../src/faces/mcp/change-hub.js";
import { eventually, silent } from "./workbench.js";

describe("the change hub", () => {
  it("tries again for the next listener after a subscription failed", async () => {
    let attempts = 0;
    let push: ((change: Change) => void) | undefined;
    const hub = createChangeHub(
      {
        async subscribe(_workspace, listener) {
          attempts += 1;
          if (attempts === 1) throw new Error("the store is away");
          push = listener;
          return async () => undefined;
        },
      },
      silent,
    );
    const seen: string[] = [];
    const end = hub.listen(1, () => seen.push("first"));
    await eventually(() => attempts === 1);
    await new Promise(setImmediate);
    hub.listen(1, () => seen.push("second"));
    await eventually(() => push !== undefined);
    push?.({ id: "1", type: "skills-changed", data: {} });
    expect(seen).toEqual(["second"]);
    end();
  });
});
