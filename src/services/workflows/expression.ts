import { type ASTNode, Environment } from "@marcbachmann/cel-js";

/** An expression that cannot be used, and why, on one line. */
export class BadExpression extends Error {
  override readonly name = "BadExpression";
}

/** What an expression can see. */
export interface Scope {
  readonly input: unknown;
  /** By the step's id. */
  readonly steps: Readonly<Record<string, unknown>>;
  /** In a step that runs once for each item of a list. */
  readonly item?: unknown;
  readonly index?: number;
}

/** An expression of the Common Expression Language that was found to fit its workflow. */
export interface Expression {
  readonly source: string;
  /** The steps whose results it needs. */
  readonly steps: ReadonlySet<string>;
  /** The names of the input's fields that it needs. */
  readonly fields: ReadonlySet<string>;
  /** Its value as JSON. Throws {@link BadExpression} where it has none, grows too large or takes too long. */
  evaluate(scope: Scope): unknown;
}

/** How much an expression may be and do. */
export const EXPRESSION_LIMITS = {
  characters: 2000,
  nodes: 200,
  depth: 40,
  /** Items that macros such as `map` walk over, all together. */
  iterations: 10_000,
  milliseconds: 250,
  /** Characters of a result, as JSON. */
  result: 1_048_576,
} as const;

const MACROS = ["all", "exists", "exists_one", "filter", "map"];
const METHODS = ["contains", "endsWith", "indexOf", "lowerAscii", "size", "split", "startsWith", "substring", "trim"];
const FUNCTIONS = ["bool", "double", "dyn", "has", "int", "join", "json", "size", "string"];
const ALLOWED_METHODS: ReadonlySet<string> = new Set([...MACROS, ...METHODS, "upperAscii"]);
const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(FUNCTIONS);
const ROOTS: ReadonlySet<string> = new Set(["input", "steps", "item", "index"]);

/** What the evaluation that runs now has used up; expressions are evaluated one at a time, without waiting. */
const budget = { iterations: 0, until: 0, spent: false };

function spend(): void {
  budget.iterations += 1;
  if (budget.iterations > EXPRESSION_LIMITS.iterations || performance.now() > budget.until) budget.spent = true;
  if (budget.spent) throw new BadExpression("it walks over too many items or takes too long");
}

function joined(list: readonly unknown[], separator: string): string {
  let length = 0;
  for (const item of list) {
    if (typeof item !== "string") throw new BadExpression("join takes a list of texts");
    length += item.length + separator.length;
    if (length > EXPRESSION_LIMITS.result) throw tooLarge();
  }
  return list.join(separator);
}

/** Numbers of JSON are doubles and those in an expression are integers; together they are doubles. */
const environment = new Environment({
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: EXPRESSION_LIMITS.nodes, maxDepth: EXPRESSION_LIMITS.depth },
})
  .registerVariable("input", "map")
  .registerVariable("steps", "map")
  .registerVariable("item", "dyn")
  .registerVariable("index", "int")
  .registerFunction("join(list, string): string", joined)
  .registerFunction("json(dyn): string", (value: unknown) => JSON.stringify(toJson(value)))
  .registerOperator("double + int", (one: number, other: bigint) => one + Number(other))
  .registerOperator("int + double", (one: bigint, other: number) => Number(one) + other)
  .registerOperator("double - int", (one: number, other: bigint) => one - Number(other))
  .registerOperator("int - double", (one: bigint, other: number) => Number(one) - other)
  .registerOperator("double * int", (one: number, other: bigint) => one * Number(other))
  .registerOperator("int * double", (one: bigint, other: number) => Number(one) * other)
  .registerOperator("double / int", (one: number, other: bigint) => one / Number(other))
  .registerOperator("int / double", (one: bigint, other: number) => Number(one) / other)
  .registerOperator("double % int", (one: number, other: bigint) => one % Number(other));

/** Reads an expression; `inLoop` is whether there is an `item`. Throws {@link BadExpression}. */
export function compileExpression(source: string, { inLoop }: { readonly inLoop: boolean }): Expression {
  if (source.length > EXPRESSION_LIMITS.characters)
    throw new BadExpression(`it is longer than ${EXPRESSION_LIMITS.characters} characters`);
  const parsed = orBad(() => environment.parse(source));
  const found = { steps: new Set<string>(), fields: new Set<string>() };
  inspect(parsed.ast, { bound: new Set(), inLoop, ...found });
  const { error } = parsed.check();
  if (error) throw asBad(error);
  return {
    source,
    ...found,
    evaluate(scope) {
      Object.assign(budget, { iterations: 0, spent: false });
      budget.until = performance.now() + EXPRESSION_LIMITS.milliseconds;
      const { input, steps, item = null, index = 0 } = scope;
      return orBad(() => {
        const value: unknown = parsed({ input, steps, item, index: BigInt(index) });
        // What a macro within another threw may have been taken for a failed comparison.
        if (budget.spent) throw new BadExpression("it walks over too many items or takes too long");
        return toJson(value);
      });
    },
  };
}

interface Surroundings {
  /** Variables of the macros around. */
  readonly bound: ReadonlySet<string>;
  readonly inLoop: boolean;
  readonly steps: Set<string>;
  readonly fields: Set<string>;
}

/** Notes what a node refers to, refuses what the language of workflows leaves out, and counts what macros do. */
function inspect(node: ASTNode, around: Surroundings): void {
  switch (node.op) {
    case "value":
      if (node.args instanceof Uint8Array) throw new BadExpression("there are no bytes; write a text");
      return;
    case "id":
      requireVariable(node.args, around);
      if (node.args === "steps" && !around.bound.has("steps")) throw new BadExpression("steps is followed by .<step>");
      return;
    case ".":
    case ".?":
    case "[]":
    case "[?]":
      inspectAccess(node, around);
      return;
    case "call": {
      const [name, args] = node.args;
      if (!ALLOWED_FUNCTIONS.has(name)) throw unknownFunction(name, [...ALLOWED_FUNCTIONS]);
      for (const argument of args) inspect(argument, around);
      return;
    }
    case "rcall":
      inspectMethod(node, around);
      return;
    case "map":
      for (const [key, value] of node.args) [key, value].forEach((part) => inspect(part, around));
      return;
    case "!_":
    case "-_":
      inspect(node.args, around);
      return;
    default:
      for (const part of node.args) inspect(part, around);
  }
}

function requireVariable(name: string, { bound, inLoop }: Surroundings): void {
  if (bound.has(name)) return;
  if (!ROOTS.has(name)) throw new BadExpression(`there is no ${name} here; there are input and steps`);
  if ((name === "item" || name === "index") && !inLoop)
    throw new BadExpression(`there is no ${name} outside a step with each`);
}

function inspectAccess(node: Extract<ASTNode, { op: "." | ".?" | "[]" | "[?]" }>, around: Surroundings): void {
  const [from, to] = node.args;
  const name = typeof to === "string" ? to : literalText(to);
  const root = from.op === "id" && !around.bound.has(from.args) ? from.args : undefined;
  if (root === "steps" && name === undefined)
    throw new BadExpression("steps is followed by .<step>, not by a value that only a run knows");
  if (root === "steps" && name !== undefined) around.steps.add(name);
  else inspect(from, around);
  if (root === "input" && name !== undefined) around.fields.add(name);
  if (typeof to !== "string") inspect(to, around);
}

const literalText = (node: ASTNode): string | undefined =>
  node.op === "value" && typeof node.args === "string" ? node.args : undefined;

function inspectMethod(node: Extract<ASTNode, { op: "rcall" }>, around: Surroundings): void {
  const [name, receiver, args] = node.args;
  if (!ALLOWED_METHODS.has(name)) throw unknownFunction(name, [...ALLOWED_METHODS]);
  inspect(receiver, around);
  const [first, ...rest] = args;
  if (!MACROS.includes(name) || first?.op !== "id") {
    for (const argument of args) inspect(argument, around);
    return;
  }
  if (ROOTS.has(first.args))
    throw new BadExpression(`${first.args} is taken; give the variable of ${name} another name`);
  countIterations(node);
  for (const body of rest) inspect(body, { ...around, bound: new Set([...around.bound, first.args]) });
}

/** Has every item that a macro walks over counted: the one place where the library says that it goes on. */
function countIterations(node: ASTNode): void {
  const { meta } = node as unknown as { meta: { alternate?: { args: { condition?: (value: unknown) => boolean } } } };
  const loop = meta.alternate?.args;
  if (!loop) throw new Error("this version of the expression library does not tell of its loops");
  const { condition } = loop;
  loop.condition = (value) => {
    spend();
    return condition ? condition(value) : true;
  };
}

function unknownFunction(name: string, known: readonly string[]): BadExpression {
  return new BadExpression(`there is no ${name}; there are ${known.toSorted().join(", ")}`);
}

/** A value as JSON has it; integers of any size become numbers where they stay exact. */
function toJson(value: unknown): unknown {
  let left: number = EXPRESSION_LIMITS.result;
  const pay = (characters: number) => {
    left -= characters;
    if (left < 0) throw tooLarge();
  };
  const convert = (part: unknown): unknown => {
    pay(typeof part === "string" ? part.length + 2 : 5);
    if (part === null || typeof part === "string" || typeof part === "boolean") return part;
    if (typeof part === "number") return finite(part);
    if (typeof part === "bigint") return finite(Number(part), part);
    if (Array.isArray(part)) return part.map(convert);
    if (typeof part !== "object" || ![Object.prototype, null].includes(Object.getPrototypeOf(part) as null))
      throw new BadExpression("its value is none that JSON has");
    return Object.fromEntries(
      Object.entries(part).map(([name, field]) => {
        pay(name.length);
        return [name, convert(field)];
      }),
    );
  };
  return convert(value);
}

function finite(number: number, exact?: bigint): number {
  if (Number.isFinite(number) && (exact === undefined || BigInt(number) === exact)) return number;
  throw new BadExpression("its value is a number that JSON cannot keep");
}

const tooLarge = () => new BadExpression(`its value is larger than ${EXPRESSION_LIMITS.result} characters`);

function orBad<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw asBad(thrown);
  }
}

/** The library's errors draw the expression over several lines; their summary is one. */
function asBad(thrown: unknown): BadExpression {
  if (thrown instanceof BadExpression) return thrown;
  const { summary, message, range } = thrown as Error & { summary?: string; range?: { start: number } };
  const place = range && summary !== undefined ? ` (at character ${range.start + 1})` : "";
  return new BadExpression(`${(summary ?? message).replaceAll(/\s+/g, " ")}${place}`, { cause: thrown });
}
