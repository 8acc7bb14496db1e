import type { Values } from "./placeholders.js";

/** Shorter pieces of base64 would be found in texts that have nothing to do with it. */
const SHORTEST_BASE64 = 6;

/**
 * A function that puts the placeholder in place of each value, however an answer writes it: plain, percent-encoded,
 * escaped for JSON or HTML, in hex, or within base64 of either alphabet.
 */
export function redactor(values: Values): (text: string) => string {
  const patterns = [...values]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([name, value]) => [new RegExp(formsOf(value), "g"), `{{${name}}}`] as const);
  return (text) => patterns.reduce((rest, [pattern, name]) => rest.replace(pattern, () => name), text);
}

function formsOf(value: string): string {
  const bytes = Buffer.from(value);
  const hex = [...bytes.toString("hex")].map(inEitherCase).join("");
  return [[...value].map(spellings).join(""), ...base64Forms(bytes), ...(bytes.length < 4 ? [] : [hex])].join("|");
}

const NAMED: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
const ESCAPED: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" };

/** One character in every way that a text may spell it. */
function spellings(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const percent = [...Buffer.from(character)].map((byte) => `%(?:25)?${hexOf(byte, 2)}`).join("");
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const forms = [
    quoted(character),
    percent,
    units.map((unit) => String.raw`\\{1,2}u${hexOf(unit, 4)}`).join(""),
    `&#0*${code};`,
    `&#[xX]0*${hexOf(code, 1)};`,
    ...(character === " " ? [String.raw`\+`] : []),
    ...(/["\\/]/.test(character) ? [String.raw`\\+${quoted(character)}`] : []),
    ...(ESCAPED[character] === undefined ? [] : [String.raw`\\+${ESCAPED[character]}`]),
    ...(NAMED[character] === undefined ? [] : [`&${NAMED[character]};`]),
  ];
  return `(?:${forms.join("|")})`;
}

const quoted = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/u, String.raw`\$&`);

const hexOf = (number: number, digits: number): string =>
  [...number.toString(16).padStart(digits, "0")].map(inEitherCase).join("");

const inEitherCase = (digit: string): string => (/[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit);

/** Base64 of a text depends on where in it the value begins: the characters that only the value decides, for each case. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((whole.length * 8) / 6);
    const sure = whole.toString("base64").replace(/=+$/, "").slice(from, to);
    if (sure.length < SHORTEST_BASE64) return [];
    // The character at either end that other bytes decide too, and the padding.
    const edge = "[A-Za-z0-9+/_-]";
    const start = before === 0 ? "" : `${edge}?`;
    const end = (whole.length * 8) % 6 === 0 ? "" : `${edge}?={0,2}`;
    const either = [...sure].map((c) => (c === "+" || c === "-" ? "[+-]" : c === "/" ? "[/_]" : c)).join("");
    return [`${start}${either}${end}`];
  });
}
