import { AppError } from "../core/errors.js";

/** Values by the names that they are bound under. */
export type Values = ReadonlyMap<string, string>;

const PLACEHOLDER = /\{\{\s*([A-Z][A-Z0-9_]{0,63})\s*\}\}/g;

/** Whether a text has a placeholder, or half of one in another spelling. */
export const hasPlaceholder = (text: string): boolean => /\{\{|%7b%7b/i.test(text);

/** A text with each placeholder replaced by its value as `written` there; throws for a name that nothing is bound to. */
export function filled(text: string, values: Values, slug: string, written: (value: string) => string): string {
  return text.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = values.get(name);
    if (value !== undefined) return written(value);
    throw new AppError(
      "INVALID_INPUT",
      `No secret is bound to ${slug} as ${name}: the owner binds one with bind-skill-secret.`,
    );
  });
}

/** How a body of this media type writes a value within a text. */
export function writtenIn(mediaType: string): (value: string) => string {
  const type = mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json" || type.endsWith("+json")) return (value) => JSON.stringify(value).slice(1, -1);
  if (type === "application/x-www-form-urlencoded") return encodeURIComponent;
  return (value) => value;
}
