import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/core/errors.js";
import { outputSchema } from "../../../src/core/schema.js";
import { CATEGORIES, skillCategory, skillDetails, skillSummary } from "../../../src/core/shapes/skill.js";
import { type Browse, createMarketplace } from "../../../src/services/marketplace/marketplace.js";
import type { Pack } from "../../../src/services/marketplace/pack.js";

function pack(slug: string, changes: Partial<Pack> = {}): Pack {
  return {
    slug,
    name: slug,
    title: slug,
    description: "Does something.",
    category: "research",
    version: "1.0.0",
    license: "MIT",
    parameters: [],
    secrets: [],
    http: [],
    memory: true,
    instructions: "Do it.",
    files: [{ path: "SKILL.md", content: Buffer.from("Do it.") }],
    digest: "0".repeat(64),
    ...changes,
  };
}

const LETTERS = [..."gcaebdfhjik"];
const many = createMarketplace(
  LETTERS.map((letter, i) => pack(`skill-${letter}`, { category: i % 2 ? "design" : "research" })),
);

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : "no AppError";
  }
  return undefined;
}

const slugs = (query: Partial<Browse>, market = many) =>
  market.browse({ limit: 100, ...query }).data.map(({ slug }) => slug);

describe("paging", () => {
  const all = LETTERS.map((letter) => `skill-${letter}`).sort();

  it.each([1, 2, 3, 4, 11, 100])("goes forward through every skill once, %i at a time", (limit) => {
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = many.browse({ limit, ...(after && { after_id: after }) });
      seen.push(...page.data.map(({ slug }) => slug));
      expect(page.first_id).toBe(page.data[0]?.slug ?? null);
      after = page.has_more ? page.last_id : null;
    }
    expect(seen).toEqual(all);
  });

  it.each([1, 2, 3, 4, 10])("goes back from the last skill without a gap, %i at a time", (limit) => {
    const seen: string[] = [];
    for (let before: string | null = "skill-k"; before !== null;) {
      const page = many.browse({ limit, before_id: before });
      seen.unshift(...page.data.map(({ slug }) => slug));
      before = page.has_more ? page.first_id : null;
    }
    expect(seen).toEqual(all.slice(0, -1));
  });

  it("behind the last skill is an empty page with null cursors", () => {
    expect(many.browse({ limit: 5, after_id: "skill-k" })).toEqual({
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
  });

  it("refuses a cursor that is no slug, and both directions at once", () => {
    expect(codeOf(() => many.browse({ limit: 5, after_id: "skill-zzz" }))).toBe("INVALID_CURSOR");
    expect(codeOf(() => many.browse({ limit: 5, before_id: "../" }))).toBe("INVALID_CURSOR");
    expect(codeOf(() => many.browse({ limit: 5, after_id: "skill-a", before_id: "skill-c" }))).toBe("INVALID_INPUT");
  });

  it("takes a cursor that the filter leaves out", () => {
    const designs = slugs({ category: "design" });
    expect(designs).not.toContain("skill-f");
    expect(slugs({ category: "design", after_id: "skill-f" })).toEqual(designs.filter((slug) => slug > "skill-f"));
    expect(slugs({ category: "design", before_id: "skill-f" })).toEqual(designs.filter((slug) => slug < "skill-f"));
  });
});

describe("finding", () => {
  const market = createMarketplace([
    pack("cold-email", { title: "Cold E-Mail", category: "marketing", description: "First letters to strangers." }),
    pack("resume", { title: "Résumé", category: "documents", description: "Überarbeitet den Lebenslauf." }),
    pack("notes", { name: "meeting-notes", category: "communication", description: "Minutes of a talk." }),
  ]);

  it.each([
    ["MAIL", ["cold-email"]],
    ["resume", ["resume"]],
    ["RÉSUMÉ", ["resume"]],
    ["uberarbeitet", ["resume"]],
    ["meeting", ["notes"]],
    ["communic", ["notes"]],
    ["strangers cold", ["cold-email"]],
    ["cold minutes", []],
    ["  ", ["cold-email", "notes", "resume"]],
    ["of", ["notes"]],
    [".*", []],
  ])("%j finds what has every word in slug, name, title, description or category", (search, found) => {
    expect(slugs({ search }, market)).toEqual(found);
  });

  it("narrows by category and search together", () => {
    expect(slugs({ category: "marketing", search: "mail" }, market)).toEqual(["cold-email"]);
    expect(slugs({ category: "documents", search: "mail" }, market)).toEqual([]);
  });

  it("always lists the seven categories by name, those without a skill with 0", () => {
    const categories = market.categories();
    expect(categories.map(({ category }) => category)).toEqual([...CATEGORIES].sort());
    expect(categories.filter(({ count }) => count > 0)).toEqual([
      { category: "communication", count: 1 },
      { category: "documents", count: 1 },
      { category: "marketing", count: 1 },
    ]);
    expect(categories).toHaveLength(7);
  });
});

describe("details", () => {
  const full = pack("full", {
    source: "https://example.com/full",
    parameters: [{ name: "size", type: "integer", description: "How large.", default: 3, minimum: 1 }],
    secrets: ["API_TOKEN"],
    memory: false,
    artifact: { template: "secret template text", name: "page.html", mimeType: "text/html" },
  });
  const market = createMarketplace([full, pack("bare")]);

  it("tell everything but instructions, template and file contents", () => {
    const details = market.details("full");
    expect(details).toEqual({
      slug: "full",
      name: "full",
      title: "full",
      description: "Does something.",
      category: "research",
      version: "1.0.0",
      license: "MIT",
      source: "https://example.com/full",
      parameters: [{ name: "size", type: "integer", description: "How large.", default: 3, minimum: 1 }],
      required_secrets: ["API_TOKEN"],
      http: [],
      uses_memory: false,
      artifact: { name: "page.html", mime_type: "text/html" },
      files: ["SKILL.md"],
    });
    expect(market.details("bare")).not.toHaveProperty("source");
  });

  it("of an unknown skill are NOT_FOUND and name the tool that lists skills", () => {
    expect(codeOf(() => market.details("nothing"))).toBe("NOT_FOUND");
    expect(() => market.details("constructor")).toThrow(/browse-marketplace/);
    expect(market.pack("nothing")).toBeUndefined();
    expect(market.pack("full")).toBe(full);
  });

  it("fit their published schemas, which use no union", () => {
    for (const slug of ["full", "bare"]) expect(skillDetails.strict().parse(market.details(slug))).toBeTruthy();
    for (const row of market.browse({ limit: 5 }).data) expect(skillSummary.strict().parse(row)).toEqual(row);
    for (const row of market.categories()) expect(skillCategory.strict().parse(row)).toEqual(row);
    for (const schema of [skillDetails, skillSummary, skillCategory]) {
      expect(JSON.stringify(outputSchema(schema))).not.toMatch(/anyOf|oneOf|allOf|\$ref/);
    }
  });
});
