/** The text with another character at this place, counted from the end where it is negative. */
export function withOtherCharacter(text: string, at: number): string {
  const place = at < 0 ? text.length + at : at;
  return text.slice(0, place) + (text[place] === "A" ? "B" : "A") + text.slice(place + 1);
}
