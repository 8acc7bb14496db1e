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

/** Every phrase of the synonyms with all that it may mean, by its first word. */
const PHRASES = new Map<string, Phrase[]>();
for (const [said, meant, weight = OF_A_SYNONYM] of SYNONYMS) {
  const meanings = meant.split(", ").map((text) => ({ terms: wordsOf(text).map(stem), weight }));
  for (const text of said.split(", ")) {
    const words = wordsOf(text).map(stem);
    const others = PHRASES.get(words[0] ?? "") ?? [];
    const same = others.find((phrase) => phrase.words.join(" ") === words.join(" "));
    const phrase = { words, meanings: [...(same?.meanings ?? []), ...meanings] };
    PHRASES.set(words[0] ?? "", [...others.filter((other) => other !== same), phrase]);
  }
}
for (const phrases of PHRASES.values()) phrases.sort((one, other) => other.words.length - one.words.length);

/** What each phrase or word of a question may mean; words without a meaning of their own are left out. */
export function meaningsOf(question: string): Meaning[][] {
  const words = wordsOf(question);
  const stems = words.map(stem);
  const taken = new Set<number>();
  const found: Meaning[][] = [];
  const take = (at: number, phrases: readonly Phrase[]) => {
    for (const phrase of phrases) {
      const places = placesOf(phrase.words, stems, at, taken);
      for (const place of places) taken.add(place);
      if (places.length > 0) found.push([...itself(phrase), ...phrase.meanings]);
    }
  };
  stems.forEach((word, at) => take(at, (PHRASES.get(word) ?? []).filter(isLong)));
  stems.forEach((word, at) =>
    take(
      at,
      (PHRASES.get(word) ?? []).filter((phrase) => !isLong(phrase)),
    ),
  );
  words.forEach((word, at) => {
    if (!taken.has(at) && isTelling(word)) found.push(itself({ words: [stem(word)] }));
  });
  return found;
}

const isLong = ({ words }: Phrase): boolean => words.length > 1;

/** A single word that tells something stands for itself too. */
function itself({ words }: Pick<Phrase, "words">): Meaning[] {
  const [word = ""] = words;
  return words.length === 1 && isTelling(word) ? [{ terms: [word], weight: 1 }] : [];
}

/** Where the words of a phrase stand, in their order and close together; none where one is missing or taken. */
function placesOf(
  phrase: readonly string[],
  stems: readonly string[],
  start: number,
  taken: ReadonlySet<number>,
): number[] {
  const places: number[] = [];
  let at = start;
  for (const word of phrase) {
    const reach = places.length === 0 ? start : at + GAP;
    while (at <= reach && (stems[at] !== word || taken.has(at))) at += 1;
    if (at > reach) return [];
    places.push(at);
    at += 1;
  }
  return places;
}
