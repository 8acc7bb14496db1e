import { FOLDER } from "./call.js";

interface Wanted {
  readonly words?: string | undefined;
  readonly name?: string | undefined;
  readonly folder?: string | undefined;
  readonly mimeType?: string | undefined;
  readonly foldersOnly?: boolean;
  readonly modifiedAfter?: string | undefined;
  readonly trashed?: boolean;
}

/** A query in Drive's search language; text of a caller stands in it as a literal and nothing else. */
export function driveQuery({
  words,
  name,
  folder,
  mimeType,
  foldersOnly,
  modifiedAfter,
  trashed = false,
}: Wanted): string {
  const terms = [
    words !== undefined && `fullText contains ${literal(words)}`,
    name !== undefined && `name contains ${literal(name)}`,
    folder !== undefined && `${literal(folder)} in parents`,
    mimeType !== undefined && `mimeType = ${literal(mimeType)}`,
    foldersOnly === true && `mimeType = ${literal(FOLDER)}`,
    modifiedAfter !== undefined && `modifiedTime > ${literal(modifiedAfter)}`,
    `trashed = ${trashed}`,
  ];
  return terms.filter((term) => term !== false).join(" and ");
}

const literal = (text: string) => `'${text.replaceAll(/[\\']/g, (sign) => `\\${sign}`)}'`;
