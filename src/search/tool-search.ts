import type MiniSearch from "minisearch";
import type { Entry } from "../core/registry.js";
import type { JsonSchema } from "../core/schema.js";
import type { Effect } from "../core/standing.js";
import { meaningsOf } from "./meanings.js";
import { isTelling, stem, wordsOf } from "./words.js";

/** How much a word counts by where it stands. */
const WEIGHTS = { name: 3, title: 1, description: 2, parameters: 0.7 };

/** How a question begins that something is to be known by, not changed; reads then count more. */
const QUESTION =
  /^\W*(who|whose|whom|what|which|where|when|how|is|are|does|do|did|has|have|show|list|tell|find|look)\b/i;
const READ_BONUS = 1.3;

/** What is known of something that can be found. */
export interface Findable {
  /** Unique among all that are indexed together. */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  readonly inputSchema: JsonSchema;
}

interface Document extends Pick<Findable, "id" | "name" | "title" | "description"> {
  readonly parameters: string;
}

interface Hit {
  readonly id: string;
  readonly score: number;
}

/** Finds tools by what they do. */
export interface ToolSearch {
  /** Those of `tools` that fit the question, the best first, at most `limit`. */
  rank<Services>(
    question: string,
    tools: readonly Entry<Services>[],
    limit: number,
  ): Promise<readonly Entry<Services>[]>;
}

/** An index over the tools of `entries`, made at the first question. */
export function createToolSearch<Services>(entries: readonly Entry<Services>[]): ToolSearch {
  const tools = entries.filter(({ operation }) => operation.tool !== undefined);
  return { rank: createSearch<Tool>(tools, asFindable) };
}

/** What the search looks at of a tool. */
interface Tool extends Pick<Entry<never>, "inputSchema"> {
  readonly operation: Pick<Entry<never>["operation"], "name" | "tool" | "title" | "description" | "effect">;
}

function asFindable({ operation, inputSchema }: Tool): Findable {
  const { name, tool = name, title, description, effect } = operation;
  return { id: name, name: tool, title, description, effect, inputSchema };
}

/** Ranks whatever can be found: those of `among` that fit the question, the best first, at most `limit`. */
export function createSearch<Base>(
  all: readonly Base[],
  describe: (item: Base) => Findable,
): <Item extends Base>(question: string, among: readonly Item[], limit: number) => Promise<readonly Item[]> {
  let index: Promise<MiniSearch<Document>> | undefined;

  return async (question, among, limit) => {
    const scores = scoresOf(question, await (index ??= indexOf(all.map(describe))));
    const asksToKnow = QUESTION.test(question);
    const ranked = among.flatMap((item) => {
      const { id, effect } = describe(item);
      const score = scores.get(id);
      const fits = asksToKnow && effect === "read" ? READ_BONUS : 1;
      return score === undefined ? [] : [{ item, score: score * fits }];
    });
    return ranked
      .sort((one, other) => other.score - one.score)
      .slice(0, limit)
      .map(({ item }) => item);
  };
}

async function indexOf(all: readonly Findable[]): Promise<MiniSearch<Document>> {
  const { default: Index } = await import("minisearch");
  const index = new Index<Document>({
    fields: Object.keys(WEIGHTS),
    tokenize: (text) => wordsOf(text).filter(isTelling).map(stem),
    processTerm: (term) => term,
    searchOptions: { boost: WEIGHTS, tokenize: (term) => [term] },
  });
  index.addAll(all.map(documentOf));
  return index;
}

function documentOf({ id, name, title, description, inputSchema }: Findable): Document {
  return { id, name, title, description, parameters: textOf(inputSchema) };
}

/** The names and descriptions of a schema's fields, nested ones too. */
function textOf({ properties = {}, items }: JsonSchema): string {
  const fields = Object.entries(properties).map(
    ([name, field]) => `${name} ${field.description ?? ""} ${textOf(field)}`,
  );
  return [...fields, items ? textOf(items) : ""].join(" ");
}

/**
 * Each word or phrase of a question counts once in a tool, for the meaning of it that fits best; a tool that has
 * something for each of them counts up to twice as much.
 */
function scoresOf(question: string, index: MiniSearch<Document>): Map<string, number> {
  const sums = new Map<string, { score: number; matched: number }>();
  const asked = meaningsOf(question);
  const found = new Map<string, readonly Hit[]>();
  const hitsOf = (term: string) => {
    const hits = found.get(term) ?? index.search(term);
    found.set(term, hits);
    return hits;
  };
  for (const meanings of asked) {
    const best = new Map<string, number>();
    for (const { terms, weight } of meanings) {
      for (const [id, score] of scoresOfAll(terms, hitsOf)) best.set(id, Math.max(best.get(id) ?? 0, score * weight));
    }
    for (const [id, score] of best) {
      const before = sums.get(id) ?? { score: 0, matched: 0 };
      sums.set(id, { score: before.score + score, matched: before.matched + 1 });
    }
  }
  return new Map([...sums].map(([id, { score, matched }]) => [id, score * (1 + matched / asked.length)]));
}

/** Several terms that mean one thing together count somewhat more than one, where all are there. */
function scoresOfAll(terms: readonly string[], hitsOf: (term: string) => readonly Hit[]): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { id, score } of terms.flatMap(hitsOf)) {
    scores.set(id, (scores.get(id) ?? 0) + score / Math.sqrt(terms.length));
  }
  return scores;
}
