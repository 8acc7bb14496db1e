/** How long a person has for an answer, in milliseconds. */
export const ANSWER_WITHIN_MS = 600_000;

/** Whether a client with this `elicitation` capability can be asked in a mode; an empty one stands for forms. */
export function asksInMode(elicitation: unknown, mode: "form" | "url"): boolean {
  if (typeof elicitation !== "object" || elicitation === null) return false;
  const modes = elicitation as { readonly form?: unknown; readonly url?: unknown };
  if (mode === "url") return modes.url !== undefined;
  return modes.form !== undefined || modes.url === undefined;
}
