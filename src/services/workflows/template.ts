import { BadExpression, compileExpression, type Expression, EXPRESSION_LIMITS, type Scope } from "./expression.js";

/** A JSON value with expressions in its texts, as `${ ... }`. */
export interface Template {
  /** Whether there is nothing in it to work out. */
  readonly constant: boolean;
  readonly expressions: readonly Placed[];
  /** The value with every expression worked out; throws {@link BadExpression} that says where. */
  resolve(scope: Scope): unknown;
}

/** An expression and its place within the value it was found in. */
export interface Placed {
  readonly path: readonly (string | number)[];
  readonly expression: Expression;
}

/** Why a template cannot be used, and where in it. */
export class BadTemplate extends Error {
  override readonly name = "BadTemplate";

  constructor(
    readonly path: readonly (string | number)[],
    reason: string,
  ) {
    super(reason);
  }
}

type Part = string | Expression;
type Resolve = (scope: Scope) => unknown;

/** Reads the expressions in a value; throws {@link BadTemplate}. */
export function compileTemplate(value: unknown, options: { readonly inLoop: boolean }): Template {
  const expressions: Placed[] = [];
  const compile = (part: unknown, path: readonly (string | number)[]): Resolve => {
    if (typeof part === "string") return compileText(part, path);
    if (Array.isArray(part)) {
      const items = part.map((item, at) => compile(item, [...path, at]));
      return (scope) => items.map((item) => item(scope));
    }
    if (typeof part !== "object" || part === null) return () => part;
    const fields = Object.entries(part).map(([name, field]) => [name, compile(field, [...path, name])] as const);
    return (scope) => Object.fromEntries(fields.map(([name, field]) => [name, field(scope)]));
  };
  const compileText = (text: string, path: readonly (string | number)[]): Resolve => {
    const parts = split(text, path).map((part): Part => {
      if (typeof part === "string") return part;
      try {
        const expression = compileExpression(part.expression, options);
        expressions.push({ path, expression });
        return expression;
      } catch (thrown) {
        if (thrown instanceof BadExpression) throw new BadTemplate(path, `the expression ${thrown.message}`);
        throw thrown;
      }
    });
    const [only, ...others] = parts;
    if (only === undefined || (others.length === 0 && typeof only === "string")) return () => only ?? "";
    if (others.length === 0 && typeof only !== "string") return (scope) => only.evaluate(scope);
    return (scope) => bounded(parts.map((part) => (typeof part === "string" ? part : shown(part.evaluate(scope)))));
  };
  const resolve = compile(value, []);
  return { constant: expressions.length === 0, expressions, resolve };
}

function bounded(parts: readonly string[]): string {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > EXPRESSION_LIMITS.result)
    throw new BadExpression(`its text is longer than ${EXPRESSION_LIMITS.result} characters`);
  return parts.join("");
}

/** A value within a text. */
function shown(value: unknown): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The text around expressions and the expressions; `$${` stands for `${`. */
function split(text: string, path: readonly (string | number)[]): (string | { readonly expression: string })[] {
  const parts: (string | { readonly expression: string })[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("$${", at)) {
      plain += "${";
      at += 3;
    } else if (text.startsWith("${", at)) {
      const end = closing(text, at + 2);
      if (end === undefined)
        throw new BadTemplate(path, "${ is never closed by }; write $${ where it is meant as text");
      if (plain !== "") parts.push(plain);
      plain = "";
      parts.push({ expression: text.slice(at + 2, end).trim() });
      at = end + 1;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain !== "" || parts.length === 0) parts.push(plain);
  return parts;
}

/** Where the brace closes that opened before `from`: those in quotes do not count. */
function closing(text: string, from: number): number | undefined {
  let depth = 1;
  let quote = "";
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (quote !== "") {
      if (character === "\\") at += 1;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return undefined;
}
