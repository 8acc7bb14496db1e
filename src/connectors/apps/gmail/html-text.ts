/** Elements whose text nobody sees. */
const UNSEEN = new Set(["head", "script", "style", "template", "title"]);
/** Elements that begin on a line of their own. */
const BLOCKS = new Set([
  "address",
  "blockquote",
  "br",
  "div",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "li",
  "p",
  "pre",
  "table",
  "tr",
  "ul",
]);

/** Nobody's mail nests deeper; the parser's time grows with the square of it. */
const DEEPEST = 1000;

/** What a reader of an HTML page sees, as plain text; links keep their address. */
export async function htmlText(html: string): Promise<string> {
  const { Parser } = await import("htmlparser2");
  const parts: string[] = [];
  let unseen = 0;
  let depth = 0;
  const links: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      depth++;
      if (depth > DEEPEST) return stop();
      if (UNSEEN.has(name)) unseen++;
      if (BLOCKS.has(name)) parts.push("\n");
      if (name === "td" || name === "th") parts.push(" ");
      if (name === "a") links.push(attributes["href"] ?? "");
    },
    ontext(text) {
      if (unseen === 0) parts.push(text.replaceAll(/[\s\u00a0]+/g, " "));
    },
    onclosetag(name) {
      depth--;
      if (UNSEEN.has(name)) unseen--;
      if (BLOCKS.has(name) && name !== "br") parts.push("\n");
      const link = name === "a" ? links.pop() : undefined;
      if (link !== undefined && /^https?:/i.test(link)) parts.push(` <${link}>`);
    },
  });
  const stop = () => {
    parser.pause();
    parts.push("\n(The rest is nested too deeply to be read.)");
  };
  parser.end(html);
  return parts
    .join("")
    .split("\n")
    .map((line) => line.trim())
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
