import type { z } from "zod";
import { notFound } from "../../core/errors.js";
import { invalidCursor, type Page, pageByName, type PageInput, requireOneDirection } from "../../core/page.js";
import {
  CATEGORIES,
  type Category,
  type skillCategory,
  type skillDetails,
  type skillSummary,
} from "../../core/shapes/skill.js";
import type { Pack } from "./pack.js";

type Summary = z.output<typeof skillSummary>;

/** Which skills to list, and which page of them. */
export interface Browse extends PageInput {
  readonly category?: Category | undefined;
  /** Words that must each begin a word of slug, name, title, description or category; case and accents do not count. */
  readonly search?: string | undefined;
}

/** The skills that can be installed. */
export interface Marketplace {
  /** One page of skills by slug; `INVALID_CURSOR` where the cursor is no slug of the marketplace. */
  browse(query: Browse): Page<Summary>;
  /** The seven categories by name. */
  categories(): z.output<typeof skillCategory>[];
  /** What there is to know about one skill; `NOT_FOUND` for a slug that does not exist. */
  details(slug: string): z.output<typeof skillDetails>;
  pack(slug: string): Pack | undefined;
}

/** A marketplace of the given packs, whose slugs must differ. */
export function createMarketplace(packs: readonly Pack[]): Marketplace {
  const rows = packs.toSorted((a, b) => (a.slug < b.slug ? -1 : 1)).map((pack) => ({ pack, summary: summaryOf(pack) }));
  const bySlug = new Map(packs.map((pack) => [pack.slug, pack]));

  return {
    browse(query) {
      requireOneDirection(query);
      const cursor = query.after_id ?? query.before_id;
      if (cursor !== undefined && !bySlug.has(cursor)) throw invalidCursor(cursor);
      const found = rows
        .filter(({ pack }) => query.category === undefined || pack.category === query.category)
        .filter(({ pack }) => query.search === undefined || matches(pack, query.search));
      return pageByName(
        found.map(({ summary }) => summary),
        ({ slug }) => slug,
        query,
      );
    },
    categories: () =>
      CATEGORIES.map((category) => ({ category, count: packs.filter((pack) => pack.category === category).length })),
    details(slug) {
      const pack = bySlug.get(slug);
      if (!pack) throw notFound("skill", slug, "browse-marketplace");
      return detailsOf(pack);
    },
    pack: (slug) => bySlug.get(slug),
  };
}

/** A pack as a list shows it. */
export function summaryOf({ slug, name, title, description, category, version }: Pack): Summary {
  return { slug, name, title, description, category, version };
}

function detailsOf(pack: Pack): z.output<typeof skillDetails> {
  const { license, source, parameters, secrets, http, memory, artifact, files } = pack;
  return {
    ...summaryOf(pack),
    license,
    ...(source !== undefined && { source }),
    parameters: parameters.map((parameter) => ({ ...parameter })),
    required_secrets: [...secrets],
    http: [...http],
    uses_memory: memory,
    ...(artifact && { artifact: { name: artifact.name, mime_type: artifact.mimeType } }),
    files: files.map(({ path }) => path),
  };
}

/** Whether every word of a search begins a word of what a list shows of the pack; case and accents do not count. */
export function matches(pack: Pack, search: string): boolean {
  if (search.trim() === "") return true;
  const words = wordsOf(searchText(pack));
  const asked = wordsOf(fold(search));
  return asked.length > 0 && asked.every((beginning) => words.some((word) => word.startsWith(beginning)));
}

const wordsOf = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter(Boolean);

function searchText({ slug, name, title, description, category }: Pack): string {
  return fold([slug, name, title, description, category].join("\n"));
}

function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
