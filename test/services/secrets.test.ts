import { describe, expect, it } from "vitest";
import { sealedPlaces } from "../../src/sealed-places.js";
import { rotateDataKey } from "../../src/vault/rotate-data-key.js";
import {
  fileStores,
  invokeOver,
  memoryStore,
  MINE,
  openServices,
  refusal,
  standingClock,
  THEIRS,
} from "../support/services.js";

const VALUE = "canary-value-0123456789";

async function bench(options: Parameters<typeof openServices>[0] = {}) {
  const opened = await openServices({ installed: ["summarize"], ...options });
  const call = invokeOver(opened);
  const create = (name = "token", value = VALUE) => call("create-secret", { name, value });
  return { ...opened, call, create };
}

describe("a secret", () => {
  it("is told of by id, name, version, times and skills, never by its value or length", async () => {
    const clock = standingClock();
    const { call, create } = await bench({ now: clock.now });
    const at = "2026-01-01T00:00:00.000Z";
    const made = { id: "sec_1", name: "token", version: 1, created_at: at, updated_at: at, skills: [] };
    expect(await create()).toEqual(made);
    clock.forward(1000);
    const updated = { ...made, name: "key", version: 2, updated_at: "2026-01-01T00:00:01.000Z" };
    expect(await call("update-secret", { id: 1, name: "key", value: "other" })).toEqual(updated);
    await call("bind-skill-secret", { slug: "summarize", secretId: "1", envVar: "API_KEY" });
    expect(await call("list-secrets")).toEqual({
      data: [{ ...updated, skills: [{ slug: "summarize", envVar: "API_KEY" }] }],
      first_id: "sec_1",
      last_id: "sec_1",
      has_more: false,
    });
  });

  it("lies sealed in the store, and opens for the skill that it is bound to only", async () => {
    const { stores, bytes } = await fileStores(1);
    const { services, create, call } = await bench({ ...(stores[0] && { store: stores[0] }) });
    await create();
    await call("bind-skill-secret", { slug: "summarize", secretId: "sec_1", envVar: "API_KEY" });
    expect(await bytes()).not.toContain(VALUE);
    expect([...(await services.secrets.forSkill(MINE, "summarize"))]).toEqual([["API_KEY", VALUE]]);
    expect((await services.secrets.forSkill(MINE, "code-review")).size).toBe(0);
    expect((await services.secrets.forSkill(THEIRS, "summarize")).size).toBe(0);
  });

  it("has a name that no other of its workspace has, also where two are made at once", async () => {
    const { create, call } = await bench();
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => create()));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of made) if (one.status === "rejected") expect(one.reason).toEqual(refusal("CONFLICT", /"token"/));
    const other = await create("other");
    await expect(call("update-secret", { id: other.id, name: "token" })).rejects.toEqual(refusal("CONFLICT"));
    await call("create-secret", { name: "token", value: "theirs" }, { workspace: THEIRS });
    await call("update-secret", { id: other.id, name: "fresh" });
    await create("other");
  });

  it("P54: is not changed by whoever read it before another change; of two at once one is told", async () => {
    const { create, call, services } = await bench();
    await create();
    await call("bind-skill-secret", { slug: "summarize", secretId: 1, envVar: "A" });
    const both = await Promise.allSettled(
      ["one", "two"].map((value) => call("update-secret", { id: 1, value, version: 1 })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const lost = both.findIndex(({ status }) => status === "rejected");
    expect((both[lost] as PromiseRejectedResult).reason).toEqual(refusal("CONFLICT", /changed meanwhile/));
    expect((await services.secrets.forSkill(MINE, "summarize")).get("A")).toBe(lost === 0 ? "two" : "one");
    await call("update-secret", { id: 1, value: "three", version: 2 });
    await call("update-secret", { id: 1, value: "four" });
    expect((await services.secrets.forSkill(MINE, "summarize")).get("A")).toBe("four");
  });

  it.each([
    ["a name with a line break", { name: "a\nb", value: "x" }],
    ["a name that is too long", { name: "a".repeat(101), value: "x" }],
    ["an empty value", { name: "a", value: "" }],
    ["a value of more than 64 KiB", { name: "a", value: `${VALUE}${"é".repeat(32 * 1024)}` }],
  ])("is refused with %s, in words that do not repeat it", async (_, args) => {
    const { call } = await bench();
    const refused = await call("create-secret", args).catch((thrown: Error) => thrown);
    expect(refused).toEqual(refusal("INVALID_INPUT"));
    expect(JSON.stringify(refused)).not.toContain(VALUE);
  });

  it("takes a value of exactly 64 KiB", async () => {
    const { call, services } = await bench();
    const value = "é".repeat(32 * 1024);
    await call("create-secret", { name: "a", value });
    await call("bind-skill-secret", { slug: "summarize", secretId: 1, envVar: "A" });
    expect((await services.secrets.forSkill(MINE, "summarize")).get("A")).toBe(value);
  });

  it("P01: is not there for another workspace", async () => {
    const { call, create } = await bench();
    await create();
    const theirs = { workspace: THEIRS };
    for (const [operation, args] of [
      ["update-secret", { id: 1, name: "x" }],
      ["delete-secret", { id: "sec_1" }],
      ["bind-skill-secret", { slug: "summarize", secretId: 1, envVar: "A" }],
      ["unbind-skill-secret", { slug: "summarize", id: 1 }],
    ] as const) {
      await expect(call(operation, args, theirs), operation).rejects.toEqual(refusal("NOT_FOUND"));
    }
    expect((await call("list-secrets", {}, theirs)).data).toEqual([]);
  });

  it("is for unrestricted keys only", async () => {
    const { call } = await bench();
    const scopes = new Set(["tool:execute", "profile:write"]);
    await expect(call("list-secrets", {}, { scopes })).rejects.toEqual(refusal("PERMISSION_REQUIRED"));
  });
});

describe("a binding", () => {
  it("gives a skill one secret a name; a secret may have several", async () => {
    const { call, create } = await bench();
    await create("one");
    await create("two");
    const bind = (secretId: unknown, envVar: string) =>
      call("bind-skill-secret", { slug: "summarize", secretId, envVar });
    expect(await bind("sec_1", "A")).toEqual({ id: "sec_1", name: "one", slug: "summarize", envVar: "A" });
    expect(await bind(1, "A")).toMatchObject({ id: "sec_1" });
    await bind("1", "B");
    await expect(bind(2, "A")).rejects.toEqual(refusal("CONFLICT", /sec_1 as A already/));
    await bind(2, "C");
    const { data } = await call("list-skill-secrets", { slug: "summarize" });
    expect(data).toEqual([
      { id: "sec_2", name: "two", slug: "summarize", envVar: "C" },
      { id: "sec_1", name: "one", slug: "summarize", envVar: "A" },
      { id: "sec_1", name: "one", slug: "summarize", envVar: "B" },
    ]);
    expect(await call("unbind-skill-secret", { slug: "summarize", id: "sec_1" })).toEqual({
      id: "sec_1",
      deleted: true,
    });
    await expect(call("unbind-skill-secret", { slug: "summarize", id: 1 })).rejects.toEqual(refusal("NOT_FOUND"));
    await bind(2, "A");
  });

  it("of many at once leaves each name with one secret, and each secret with what it has", async () => {
    const { call, create, services } = await bench();
    for (const name of ["a", "b", "c", "d"]) await create(name, `value ${name}`);
    await Promise.allSettled(
      [1, 2, 3, 4].flatMap((secretId) =>
        ["X", "Y", "Z"].map((envVar) => call("bind-skill-secret", { slug: "summarize", secretId, envVar })),
      ),
    );
    const { data } = await call("list-skill-secrets", { slug: "summarize" });
    expect(data.map(({ envVar }: { envVar: string }) => envVar).sort()).toEqual(["X", "Y", "Z"]);
    const values = await services.secrets.forSkill(MINE, "summarize");
    for (const { name, envVar } of data) expect(values.get(envVar)).toBe(`value ${name}`);
  });

  it("goes with its secret", async () => {
    const { call, create, services } = await bench();
    await create();
    await call("bind-skill-secret", { slug: "summarize", secretId: 1, envVar: "A" });
    expect(await call("delete-secret", { id: 1 })).toEqual({ id: "sec_1", deleted: true });
    expect((await call("list-skill-secrets", { slug: "summarize" })).data).toEqual([]);
    expect((await services.secrets.forSkill(MINE, "summarize")).size).toBe(0);
    await create();
    await call("bind-skill-secret", { slug: "summarize", secretId: 2, envVar: "A" });
  });

  it.each(["a", "1A", "A-B", "", "A".repeat(65), "__proto__"])("takes no name such as %j", async (envVar) => {
    const { call, create } = await bench();
    await create();
    await expect(call("bind-skill-secret", { slug: "summarize", secretId: 1, envVar })).rejects.toEqual(
      refusal("INVALID_INPUT"),
    );
  });

  it("wants a skill that exists", async () => {
    const { call, create } = await bench();
    await create();
    const args = { slug: "no-such-skill", secretId: 1, envVar: "A" };
    await expect(call("bind-skill-secret", args)).rejects.toEqual(refusal("NOT_FOUND", /skill/));
    await expect(call("list-skill-secrets", { slug: "no-such-skill" })).rejects.toEqual(refusal("NOT_FOUND"));
  });
});

it("secrets can be used after the workspace got a new data key", async () => {
  const store = memoryStore();
  const { call, create, services, vault } = await bench({ store });
  await create();
  await call("bind-skill-secret", { slug: "summarize", secretId: 1, envVar: "A" });
  expect(await rotateDataKey({ store, vault, settleMs: 0 }, MINE, sealedPlaces(MINE))).toEqual({
    renewed: 1,
    unreadable: 0,
  });
  expect((await services.secrets.forSkill(MINE, "summarize")).get("A")).toBe(VALUE);
});
