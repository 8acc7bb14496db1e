import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";

/** A YAML file that remembers which line each of its values stands in. */
export interface YamlFile {
  readonly value: unknown;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Text that is no YAML, and the line where it stops to be. */
export class NotYaml extends Error {
  override readonly name = "NotYaml";

  constructor(
    readonly line: number,
    reason: string,
  ) {
    super(reason);
  }
}

/** How deep lists and maps may lie within each other. */
const DEPTH = 64;
const TOO_DEEP = `no YAML: it is nested deeper than ${DEPTH} levels, or within itself`;

/** Reads YAML 1.2 without anything that makes more of it than is written down; throws {@link NotYaml}. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    merge: false,
    logLevel: "error",
    lineCounter: lines,
    prettyErrors: true,
    // The library compares each key with each other one.
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error) {
    const reason = error.message.includes("call stack") ? TOO_DEEP : `no YAML: ${firstLine(error)}`;
    throw new NotYaml(error.linePos?.[0].line ?? 1, reason);
  }
  requireUniqueKeys(document, lines);
  const file = { value: valueOf(document), document, lines };
  const deep = deepPath(file.value);
  if (deep) throw new NotYaml(lineOf(file, deep), TOO_DEEP);
  return file;
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (thrown) {
    throw new NotYaml(1, `no YAML: ${firstLine(thrown)}`);
  }
}

function requireUniqueKeys(document: Document, lines: LineCounter): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          throw new NotYaml(lines.linePos(key.range?.[0] ?? 0).line, "no YAML: Map keys must be unique");
        seen.add(key.value);
      }
    },
  });
}

/** The way to a value that lies too deep. */
function deepPath(value: unknown, path: readonly PropertyKey[] = []): readonly PropertyKey[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length >= DEPTH) return path;
  for (const [name, part] of Object.entries(value)) {
    const deep = deepPath(part, [...path, Array.isArray(value) ? Number(name) : name]);
    if (deep) return deep;
  }
  return undefined;
}

/** The line of what a path leads to, or of the nearest thing around it. */
export function lineOf({ document, lines }: YamlFile, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const place = placeOf(document, path.slice(0, length));
    if (place !== undefined) return lines.linePos(place).line;
  }
  return 1;
}

/** Where the key stands that names a value; where the value does, in a list. */
function placeOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const key = parent.items.find(({ key }) => isScalar(key) && key.value === last)?.key;
    return isNode(key) ? key.range?.[0] : undefined;
  }
  const node = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n", 1)[0]?.replace(/:$/, "") ?? "";
}
