const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist, or links to nothing",
  ENOTDIR: "it is no folder",
  EACCES: "it may not be read",
  ELOOP: "its links lead in a circle",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8",
};

/** Why a file or folder of the operator's could not be read, as the end of a sentence about it. */
export function whyUnreadable(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return READ_ERRORS[code ?? ""] ?? (code === undefined ? message : `it cannot be read (${code})`);
}
