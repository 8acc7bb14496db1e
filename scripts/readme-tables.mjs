// The parts of the README that are made from the program.

/** @typedef {import("../src/core/registry.js").Entry<any>} Entry */

/**
 * One row a setting: its name, its default and what it is for.
 *
 * @param {typeof import("../src/config.js").settings} settings
 */
export function settingsTable(settings) {
  return table(
    ["Setting", "Default", "What it is for"],
    Object.entries(settings.shape).map(([name, schema]) => {
      const { description = "", shownDefault } = schema.meta() ?? {};
      const value = schema.safeParse(undefined).data;
      return [code(name), shownDefault === undefined ? codeOrNothing(value) : shown(shownDefault), description];
    }),
  );
}

/**
 * A default in words stays words, one that could be typed is code.
 *
 * @param {string} value
 */
function shown(value) {
  return value.includes("/") ? code(value) : value;
}

/** @param {string | number | boolean | readonly string[] | undefined} value */
function codeOrNothing(value) {
  return value === undefined ? "" : code(String(value));
}

/**
 * One table a toolset, in the catalogue's order.
 *
 * @param {readonly Entry[]} entries
 */
export function toolTables(entries) {
  const operations = entries.map((entry) => entry.operation).filter(({ tool }) => tool !== undefined);
  return [...new Set(operations.map(({ toolset }) => toolset))]
    .map((toolset) => {
      const rows = operations.filter((operation) => operation.toolset === toolset).map(toolRow);
      return `#### ${toolset}\n\n${table(["Tool", "What it does", "Effect", "Scope", "REST"], rows)}`;
    })
    .join("\n\n");
}

/** @param {Entry["operation"]} operation */
function toolRow({ tool = "", title, effect, scope, route }) {
  const scopes = typeof scope === "string" ? [scope] : scope.among;
  return [code(tool), title, effect, scopes.map(code).join(" or "), route ? code(`${route.method} ${route.path}`) : ""];
}

/**
 * The text with what lies between `<!-- name:start -->` and `<!-- name:end -->` replaced.
 *
 * @param {string} text
 * @param {string} name
 * @param {string} content
 */
export function fillIn(text, name, content) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md needs the lines ${start} and ${end}.`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** @param {string} text */
function code(text) {
  return `\`${text}\``;
}
