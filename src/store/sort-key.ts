/**
 * Any string as ASCII without NUL that compares byte by byte as the string does by code units: what the
 * drivers keep for ids, orders and tags, so that odd characters neither collide nor end a text early.
 */
export function toSortKey(text: string): string {
  return text.replace(/[\u0000\u0001\u007f-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0);
    return code < 2 ? `\u0001${code}` : `\u007f${code.toString(16).padStart(4, "0")}`;
  });
}

/** The string that {@link toSortKey} was given. */
export function fromSortKey(key: string): string {
  return key.replace(/\u0001([01])|\u007f([0-9a-f]{4})/g, (_, low: string | undefined, unit: string | undefined) =>
    String.fromCharCode(low === undefined ? parseInt(unit ?? "", 16) : Number(low)),
  );
}
