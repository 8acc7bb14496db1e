/** JSON of a value; what JSON has no word for is null, as it is inside an array. */
export function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
