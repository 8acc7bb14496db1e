import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadPacks } from "../../../src/services/marketplace/load-packs.js";
import { createMarketplace } from "../../../src/services/marketplace/marketplace.js";
import { warnings } from "./pack-folders.js";

const SKILLS = fileURLToPath(new URL("../../../skills", import.meta.url));

const { log, lines } = warnings();
const packs = await loadPacks({ folders: [SKILLS], log });
const market = createMarketplace(packs);

describe("the packs that ship with the server", () => {
  it("all load without a warning", async () => {
    expect(lines).toEqual([]);
    expect(packs.map(({ slug }) => slug)).toEqual((await readdir(SKILLS)).sort());
    expect(packs).toHaveLength(12);
  });

  it.each([
    ["summarize", "Summarize", "productivity"],
    ["code-review", "Code Review", "development"],
    ["brainstorming", "Brainstorming", "design"],
    ["cold-email", "Cold Email", "marketing"],
    ["ab-test-setup", "A/B Test Setup", "design"],
    ["competitor-teardown", "Competitor Teardown", "research"],
    ["algorithmic-art", "Algorithmic Art", "development"],
  ])("%s keeps its slug, title and category", (slug, title, category) => {
    expect(market.details(slug)).toMatchObject({ name: slug, title, category });
  });

  it("fill every category", () => {
    for (const { category, count } of market.categories()) expect(count, category).toBeGreaterThan(0);
  });

  it.each(packs.map((pack) => [pack.slug, pack] as const))("%s is a whole skill", (_, pack) => {
    expect(pack.license).toBe("MIT");
    expect(pack.description.length).toBeGreaterThan(80);
    expect(pack.secrets).toEqual([]);
    const length = pack.instructions.split("\n").length;
    expect(length).toBeGreaterThanOrEqual(60);
    expect(length).toBeLessThanOrEqual(150);
    expect(pack.instructions).toMatch(/^# /);
    expect(pack.instructions).toMatch(/^## Before you send$/m);
    expect(pack.instructions).toMatch(/example/i);
    expect(pack.instructions).not.toMatch(/https?:\/\//);
  });

  const besides = packs.flatMap(({ slug, instructions, files }) =>
    files
      .filter(({ path }) => path !== "SKILL.md" && !(slug === "algorithmic-art" && path === "template.html"))
      .map(({ path }) => [`${slug}/${path}`, path, instructions] as const),
  );
  it.each(besides)("%s is named by its skill", (_, path, instructions) => {
    expect(instructions).toContain(`\`${path}\``);
  });
});
