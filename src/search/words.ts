/** Words that carry no meaning of their own; in a phrase of the synonyms they still count. */
const STOP = new Set(
  (
    "a about after again all also am an and any are as at be been before but by can could did do does for from had has " +
    "have he her hers him his how i if in into is it its may me might more my no nor not now of off on once one only " +
    "onto or other our ours out over please shall she should so some than that the their them then there these they " +
    "this those through to too under until up us very via want wants was we were what when where which while who whom " +
    "whose why will with would you your yours somebody someone anybody anyone everybody everyone something thing"
  ).split(" "),
);

/** The words of a text in lower case, names such as `blocksAfter` and `user_id` taken apart. */
export function wordsOf(text: string): string[] {
  return text
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replaceAll(/['\u2019]s?\b/g, "")
    .replaceAll(/\be-?mail/g, "email")
    .replaceAll(/\bsign-?(up|in|out)/g, "sign $1")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** Whether a word carries meaning where it stands alone. */
export const isTelling = (word: string): boolean => !STOP.has(word);

/** A word without its English ending: plural, -ing, -ed, a silent e; never shorter than three letters. */
export function stem(word: string): string {
  return withoutE(withoutTense(withoutPlural(word)));
}

function withoutPlural(word: string): string {
  if (word.length < 4 || /(ss|us|is)$/.test(word)) return word;
  return word.endsWith("ies") ? `${word.slice(0, -3)}y` : word.replace(/s$/, "");
}

function withoutTense(word: string): string {
  const [, root] = /^(.*[aeiouy].*?)(?:ing|ed)$/.exec(word) ?? [];
  if (root === undefined || root.length < 3) return word;
  return root.replace(/([bdgklmnprt])\1$/, "$1");
}

function withoutE(word: string): string {
  return word.length > 3 ? word.replace(/e$/, "") : word;
}
