/** What a publishable key tells of its instance. */
export interface PublishableKey {
  /** The host name of the instance's Frontend API. */
  readonly host: string;
  readonly development: boolean;
}

/** Labels of letters, digits and inner hyphens, the last of letters: no port, no path, no address of four numbers. */
const HOST = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** Reads `pk_test_` or `pk_live_` and the base64 of `host$`; undefined for anything else. */
export function readPublishableKey(key: string): PublishableKey | undefined {
  const match = /^pk_(test|live)_([A-Za-z0-9+/]+={0,2})$/.exec(key);
  const text = Buffer.from(match?.[2] ?? "", "base64").toString("latin1");
  const host = text.slice(0, -1);
  if (!text.endsWith("$") || !HOST.test(host)) return undefined;
  return { host, development: match?.[1] === "test" };
}
