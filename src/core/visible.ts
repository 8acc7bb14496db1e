/** Whatever readers do not see: control and format characters, fillers, halves of characters, odd line ends. */
const HIDDEN = String.raw`(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
const HAS_HIDDEN = new RegExp(HIDDEN, "u");

/** Emoji are held together by hidden characters; the look ahead spares other text the long list of them. */
const EMOJI = String.raw`(?=\p{Extended_Pictographic}|[0-9#*]\uFE0F)\p{RGI_Emoji}`;
const PARTS = new RegExp(String.raw`\r\n|${EMOJI}|(${HIDDEN})`, "gv");

/** Deepest nesting of an answer that is handed on. */
const DEPTH = 64;

/** A text with each hidden character shown by its number, such as `⟨U+202E⟩`; lines, tabs and emoji stay. */
export function visible(text: string): string {
  if (!HAS_HIDDEN.test(text)) return text;
  return text.replaceAll(PARTS, (part, hidden: string | undefined) => (hidden === undefined ? part : shown(hidden)));
}

function shown(character: string): string {
  return `\u27E8U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}\u27E9`;
}

/** A JSON value with {@link visible} texts and names, however deep; what lies deeper than 64 is left out. */
export function visibleIn(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return visible(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH) return "(left out: nested too deeply)";
  if (Array.isArray(value)) return value.map((item) => visibleIn(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [visible(name), visibleIn(field, depth + 1)]));
}
