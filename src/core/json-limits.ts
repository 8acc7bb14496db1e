/** How deep arrays and objects may be nested in what a caller sends. */
const MAX_DEPTH = 64;

/** How many values it may hold. */
const MAX_VALUES = 20_000;

/** How much a JSON text may hold, where it is not a caller's. */
export interface JsonLimits {
  readonly depth: number;
  readonly values: number;
}

const CALLERS: JsonLimits = { depth: MAX_DEPTH, values: MAX_VALUES };

/**
 * What is too much about a JSON text, to finish the sentence "The body ..."; undefined when nothing is. It counts
 * brackets and commas, without recursion, so that a hostile text is refused before anything is built from it.
 */
export function excessOf(json: string, limits: JsonLimits = CALLERS): string | undefined {
  // Too short to be both valid and deep, or wide.
  if (json.length <= 2 * limits.depth && json.length <= limits.values) return undefined;
  let depth = 0;
  let values = 1;
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (quoted) {
      if (character === BACKSLASH) at += 1;
      else if (character === QUOTE) quoted = false;
    } else if (character === QUOTE) quoted = true;
    else if (character === COMMA) values += 1;
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      values += 1;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1;
    if (depth > limits.depth) return `is nested deeper than ${limits.depth} levels; flatten it`;
    if (values > limits.values) return `holds more than ${limits.values} values; send less at once`;
  }
  return undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
