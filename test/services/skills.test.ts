import { describe, expect, it } from "vitest";
import type { WorkspaceEvent } from "../../src/services/events.js";
import type { Store } from "../../src/store/port.js";
import {
  fileStores,
  memoryStore,
  MINE,
  openServices,
  packOf,
  refusal,
  standingClock,
  THEIRS,
} from "../support/services.js";

const packs = ["alpha", "beta", "delta", "gamma"].map((slug) => packOf(slug));

async function bench(installed: readonly string[] = [], store = memoryStore()) {
  const clock = standingClock();
  const opened = await openServices({ store, packs, installed, now: clock.now });
  const slugs = async (input: object = {}) => {
    const page = await opened.services.skills.page(MINE, { limit: 20, ...input });
    return page.data.map(({ slug }) => slug);
  };
  return { ...opened, ...clock, skills: opened.services.skills, slugs };
}

describe("installing a skill", () => {
  it("adds it to the workspace, and to no other", async () => {
    const { skills, slugs } = await bench();
    expect(await skills.install(MINE, "beta")).toMatchObject({
      slug: "beta",
      title: "beta",
      installed_at: "2026-01-01T00:00:00.000Z",
    });
    expect(await slugs()).toEqual(["beta"]);
    expect((await skills.page(THEIRS, { limit: 20 })).data).toEqual([]);
    expect((await skills.requireInstalled(MINE, "beta")).slug).toBe("beta");
    expect((await skills.packs(MINE)).map(({ slug }) => slug)).toEqual(["beta"]);
  });

  it("twice leaves it as it was, and tells the workspace once", async () => {
    const { skills, services, slugs, forward } = await bench();
    const told: WorkspaceEvent[] = [];
    await services.events.subscribe(MINE, (event) => told.push(event));
    const first = await skills.install(MINE, "beta");
    forward(60_000);
    expect(await skills.install(MINE, "beta")).toEqual(first);
    expect(await slugs()).toEqual(["beta"]);
    expect(told.map(({ type }) => type)).toEqual(["skills-changed"]);
  });

  it("at the same moment in two processes installs it once", async () => {
    const { stores } = await fileStores(2);
    const [here, there] = await Promise.all(stores.map((store: Store) => bench([], store)));
    const answers = await Promise.all([here?.skills.install(MINE, "beta"), there?.skills.install(MINE, "beta")]);
    expect(answers[0]?.slug).toBe("beta");
    expect(answers[1]?.slug).toBe("beta");
    expect(await here?.slugs()).toEqual(["beta"]);
  });

  it.each(["nothing", "", "../alpha", "__proto__", "ALPHA"])(
    "that the marketplace lacks is refused: %j",
    async (slug) => {
      const { skills, slugs } = await bench();
      await expect(skills.install(MINE, slug)).rejects.toEqual(refusal("NOT_FOUND", "browse-marketplace"));
      expect(await slugs()).toEqual([]);
    },
  );
});

describe("uninstalling a skill", () => {
  it("takes it away; it can be installed again", async () => {
    const { skills, slugs } = await bench(["alpha", "beta"]);
    expect(await skills.uninstall(MINE, "alpha")).toEqual({ slug: "alpha", uninstalled: true });
    expect(await slugs()).toEqual(["beta"]);
    await expect(skills.requireInstalled(MINE, "alpha")).rejects.toEqual(
      refusal("SKILL_NOT_INSTALLED", "install-skill"),
    );
    await skills.install(MINE, "alpha");
    expect(await slugs()).toEqual(["alpha", "beta"]);
  });

  it("that is not installed, or not any more, is refused", async () => {
    const { skills } = await bench(["alpha"]);
    await expect(skills.uninstall(MINE, "beta")).rejects.toEqual(refusal("SKILL_NOT_INSTALLED"));
    await skills.uninstall(MINE, "alpha");
    await expect(skills.uninstall(MINE, "alpha")).rejects.toEqual(refusal("SKILL_NOT_INSTALLED"));
    await expect(skills.uninstall(MINE, "nothing")).rejects.toEqual(refusal("NOT_FOUND"));
  });

  it("at the same moment is done once", async () => {
    const { skills } = await bench(["alpha"]);
    const done = await Promise.allSettled([skills.uninstall(MINE, "alpha"), skills.uninstall(MINE, "alpha")]);
    expect(done.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("that never was there leaves nothing in the store", async () => {
    const { stores, bytes } = await fileStores(1);
    const { skills, slugs } = await bench([], stores[0]);
    await expect(skills.uninstall(MINE, "made-up-by-the-caller")).rejects.toEqual(refusal("NOT_FOUND"));
    expect(await bytes()).not.toContain("made-up-by-the-caller");
    await expect(slugs({ after_id: "made-up-by-the-caller" })).rejects.toEqual(refusal("INVALID_CURSOR"));
  });
});

describe("running a skill needs it installed", () => {
  it("and says which of the two is missing", async () => {
    const { skills } = await bench(["alpha"]);
    await expect(skills.requireInstalled(MINE, "nothing")).rejects.toEqual(refusal("NOT_FOUND", "browse-marketplace"));
    await expect(skills.requireInstalled(MINE, "beta")).rejects.toEqual(refusal("SKILL_NOT_INSTALLED"));
    await expect(skills.requireInstalled(THEIRS, "alpha")).rejects.toEqual(refusal("SKILL_NOT_INSTALLED"));
  });
});

describe("the list of installed skills", () => {
  it("is paged by slug in both directions", async () => {
    const { skills, slugs } = await bench(["gamma", "alpha", "delta", "beta"]);
    const first = await skills.page(MINE, { limit: 3 });
    expect(first).toMatchObject({ first_id: "alpha", last_id: "delta", has_more: true });
    expect(await slugs({ after_id: "delta" })).toEqual(["gamma"]);
    expect(await slugs({ before_id: "delta", limit: 1 })).toEqual(["beta"]);
    await expect(slugs({ after_id: "alpha", before_id: "gamma" })).rejects.toEqual(refusal("INVALID_INPUT"));
  });

  it("goes on behind a skill that was uninstalled meanwhile", async () => {
    const { skills, slugs } = await bench(["alpha", "beta", "delta"]);
    await skills.uninstall(MINE, "beta");
    expect(await slugs({ after_id: "beta" })).toEqual(["delta"]);
    expect(await slugs({ before_id: "beta" })).toEqual(["alpha"]);
  });

  it.each(["nothing", "exec_1", "\u202e"])("refuses the cursor %j", async (cursor) => {
    const { slugs } = await bench(["alpha"]);
    await expect(slugs({ after_id: cursor })).rejects.toEqual(refusal("INVALID_CURSOR", "no cursor of this list"));
  });

  it("leaves out a skill whose pack is gone, keeps its cursor, and has it back with the pack", async () => {
    const store = memoryStore();
    await bench(["alpha", "beta", "delta"], store);
    const without = await openServices({ store, packs: packs.filter(({ slug }) => slug !== "beta") });
    const { skills } = without.services;
    const page = await skills.page(MINE, { limit: 20 });
    expect(page.data.map(({ slug }) => slug)).toEqual(["alpha", "delta"]);
    expect((await skills.page(MINE, { limit: 20, after_id: "beta" })).data.map(({ slug }) => slug)).toEqual(["delta"]);
    await expect(skills.requireInstalled(MINE, "beta")).rejects.toEqual(refusal("NOT_FOUND"));
    const again = await openServices({ store, packs });
    expect((await again.services.skills.page(MINE, { limit: 20 })).data).toHaveLength(3);
    expect(await skills.uninstall(MINE, "beta")).toEqual({ slug: "beta", uninstalled: true });
    expect((await skills.page(MINE, { limit: 20, after_id: "beta" })).data.map(({ slug }) => slug)).toEqual(["delta"]);
  });

  it("is searched by words that must all occur, whatever case or accents", async () => {
    const { skills } = (
      await openServices({
        packs: [packOf("cafe-menu", { title: "Café Menu" }), packOf("tea", { description: "A menu of teas." })],
        installed: ["cafe-menu", "tea"],
      })
    ).services;
    const found = async (search: string) =>
      (await skills.page(MINE, { limit: 20, search })).data.map(({ slug }) => slug);
    expect(await found("MENU")).toEqual(["cafe-menu", "tea"]);
    expect(await found("cafe menu")).toEqual(["cafe-menu"]);
    expect(await found("CAFÉ")).toEqual(["cafe-menu"]);
    expect(await found("menu coffee")).toEqual([]);
    expect(await found(".*")).toEqual([]);
  });
});
