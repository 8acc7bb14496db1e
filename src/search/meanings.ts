import { SYNONYMS } from "./synonyms.js";
import { isTelling, stem, wordsOf } from "./words.js";

/** What something in a question may stand for. */
export interface Meaning {
  /** Terms of the index, all of them meant. */
  readonly terms: readonly string[];
  /** From 0 to 1. */
  readonly weight: number;
}

/** Words that may stand between two words of a phrase, as in "kick the person out". */
const GAP = 3;
const OF_A_SYNONYM = 0.8;

interface Phrase {
  readonly words: readonly string[];
  readonly meanings: readonly Meaning[];
}

/** Phrases by their first word, the longest first. */
const PHRASES = new Map<string, Phrase[]>();
for (const [said, meant, weight = OF_A_SYNONYM] of SYNONYMS) {
  const meanings = meant.split(", ").map((text) => ({ terms: wordsOf(text).map(stem), weight }));
  for (const text of said.split(", ")) {
    const words = wordsOf(text).map(stem);
    const [first = ""] = words;
    PHRASES.set(first, [...(PHRASES.get(first) ?? []), { words, meanings }]);
  }
}
for (const phrases of PHRASES.values()) phrases.sort((one, other) => other.words.length - one.words.length);

/** What each word or phrase of a question may mean; words without a meaning of their own are left out. */
export function meaningsOf(question: string): Meaning[][] {
  const words = wordsOf(question);
  const stems = words.map(stem);
  const taken = new Set<number>();
  const found: Meaning[][] = [];
  const phrasesOf = (length: (count: number) => boolean) => {
    stems.forEach((word, at) => {
      for (const phrase of PHRASES.get(word) ?? []) {
        const places = length(phrase.words.length) ? placesOf(phrase.words, stems, at, taken) : undefined;
        if (!places) continue;
        for (const place of places) taken.add(place);
        const own = places.length === 1 && isTelling(words[at] ?? "") ? [{ terms: [word], weight: 1 }] : [];
        found.push([...own, ...phrase.meanings]);
      }
    });
  };
  phrasesOf((count) => count > 1);
  phrasesOf((count) => count === 1);
  words.forEach((word, at) => {
    if (!taken.has(at) && isTelling(word)) found.push([{ terms: [stem(word)], weight: 1 }]);
  });
  return found;
}

/** Where the words of a phrase stand, in their order and close together; undefined where one is missing or taken. */
function placesOf(
  phrase: readonly string[],
  stems: readonly string[],
  start: number,
  taken: ReadonlySet<number>,
): number[] | undefined {
  const places: number[] = [];
  let at = start;
  for (const word of phrase) {
    const reach = places.length === 0 ? start : at + GAP;
    while (at <= reach && (stems[at] !== word || taken.has(at))) at += 1;
    if (at > reach) return undefined;
    places.push(at);
    at += 1;
  }
  return places;
}
