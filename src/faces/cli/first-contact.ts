/** What a person needs to know to use a server that has just started. */
export interface FirstContact {
  readonly version: string;
  readonly url: string;
  /** Where the owner's key is kept; undefined when a setting gave it. */
  readonly ownerKeyFile: string | undefined;
  /** The command that speaks MCP over stdio, in absolute paths. */
  readonly stdio: { readonly command: string; readonly args: readonly string[] };
  /** Settings the stdio command needs so that it finds the same workspace. */
  readonly environment: Readonly<Record<string, string>>;
  /** The model that runs skills; undefined when the calling agent does. */
  readonly model: string | undefined;
  readonly skills: number;
}

/** The text that `serve` prints: where it listens, where the key is, what to paste where. */
export function firstContact(facts: FirstContact): string {
  const { version, url, ownerKeyFile, stdio, environment, model, skills } = facts;
  const entry = { ...stdio, ...(Object.keys(environment).length > 0 && { env: environment }) };
  const prefix = Object.entries(environment).map(([name, value]) => `${name}=${shellQuoted(value)} `);
  const command = [stdio.command, ...stdio.args].map(shellQuoted).join(" ");
  return `clanker-mcp ${version} listens on ${url}
Owner's key: ${ownerKeyFile ?? "as set in CLANKER_OWNER_KEY"}
Skills: ${skills} in the marketplace, run by ${model ?? "the agent that calls them (no CLANKER_MODEL is set)"}

Claude Desktop (claude_desktop_config.json) and Cursor (.cursor/mcp.json):
${indented({ mcpServers: { clanker: entry } })}

VS Code (.vscode/mcp.json):
${indented({ servers: { clanker: { type: "stdio", ...entry } } })}

Inspector:
  ${prefix.join("")}npx @modelcontextprotocol/inspector ${command}

Anything else:
  Streamable HTTP  ${url}/mcp/
  HTTP+SSE         ${url}/mcp/sse
  header           x-api-key: <the owner's key>
  REST             ${url}/skill.md
  Pages            ${url}/, where you sign in with a link of: npx clanker-mcp owner-link

Stop with Ctrl-C.
`;
}

const indented = (value: unknown): string => JSON.stringify(value, undefined, 2).replaceAll(/^/gm, "  ");

/** One word of a POSIX shell's command line. */
function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
