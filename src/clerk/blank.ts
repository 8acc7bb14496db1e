const BLANK = "[blanked]";

/** Three parts of base64url, the first of which begins with `{"`: a signed token, wherever in a text it stands. */
const SIGNED_TOKEN = /eyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g;

/** Fields whose text acts for somebody. */
const TELLING = /jwt|token|nonce|secret|handshake|ticket|backup_code|^__/i;

/** Parameters of an address that carry a token; Clerk's own begin with two underscores. */
const TELLING_PARAMETER = /^__|^_clerk|token|jwt|nonce|ticket|handshake/i;

/** A text in which these secrets no longer stand. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, BLANK)), text);
}

/** JSON of the Frontend API without what acts for somebody: signed tokens, nonces and the like become `[blanked]`. */
export function blanked(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(SIGNED_TOKEN, BLANK);
  if (Array.isArray(value)) return value.map(blanked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, TELLING.test(name) ? hidden(field) : blankedAddress(field)]),
  );
}

/** Under a telling name only what is structure, or says nothing, stays. */
function hidden(value: unknown): unknown {
  if (typeof value === "string") return value === "" ? value : BLANK;
  return Array.isArray(value) ? value.map(hidden) : blanked(value);
}

function blankedAddress(value: unknown): unknown {
  if (typeof value !== "string" || !/^https?:\/\/\S+[?#]/i.test(value)) return blanked(value);
  return withoutTokens(value) ?? BLANK;
}

/** An address without the parameters that carry tokens; undefined for what is no address. */
export function withoutTokens(address: string, base?: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  const url = new URL(address, base);
  url.username = "";
  url.password = "";
  if (/__|eyJ|token|nonce/i.test(url.hash)) url.hash = "";
  for (const name of [...url.searchParams.keys()]) if (TELLING_PARAMETER.test(name)) url.searchParams.delete(name);
  return url.href.replaceAll(SIGNED_TOKEN, BLANK);
}
