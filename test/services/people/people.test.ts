import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/store/port.js";
import { redisStores } from "../../support/redis-stores.js";
import { fileStores, openServices, refusal } from "../../support/services.js";

describe("a person's profile", () => {
  it("changes where it is told to, and keeps the rest", async () => {
    const { people } = (await openServices()).services;
    expect(await people.change(1, { name: "Ada" })).toMatchObject({ name: "Ada", version: 2 });
    expect(await people.change(1, { email: "ada@example.com", name: undefined })).toMatchObject({
      name: "Ada",
      version: 3,
    });
    expect(await people.profile(1)).toMatchObject({ name: "Ada", email: "ada@example.com", version: 3 });
    await expect(people.change(9, { name: "x" })).rejects.toEqual(refusal("NOT_FOUND"));
  });

  const places: Record<string, () => Promise<Store[]>> = {
    "a file": async () => (await fileStores(2)).stores,
    Redis: () => redisStores(2),
  };

  it.each(Object.entries(places))(
    "P54: of two writers with one version over %s, the later is told",
    async (_, open) => {
      const layers = await Promise.all((await open()).map((store) => openServices({ store })));
      const writes = Array.from({ length: 8 }, async (_unused, n) =>
        layers[n % 2]?.services.people.change(1, { name: `writer ${n}`, version: 1 }),
      );
      const outcomes = await Promise.allSettled(writes);
      const held = outcomes.filter((outcome) => outcome.status === "fulfilled");
      expect(held).toHaveLength(1);
      expect(await layers[0]?.services.people.profile(1)).toEqual(held[0]?.value);
      for (const one of outcomes)
        if (one.status === "rejected") expect(one.reason).toEqual(refusal("CONFLICT", "read it again"));
    },
  );
});
