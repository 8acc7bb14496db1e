const KEPT = "clanker-return";
const KEPT_MS = 15 * 60_000;

/** Keeps where somebody wanted to go until they have signed in, which happens in another tab. */
export function remember(to: string): void {
  localStorage.setItem(KEPT, JSON.stringify({ to, at: Date.now() }));
}

/** Where to go after signing in, once; the overview where nothing was kept, or too long ago. */
export function recall(): string {
  const kept = localStorage.getItem(KEPT);
  localStorage.removeItem(KEPT);
  if (kept === null) return "/";
  const { to, at } = JSON.parse(kept) as { to: string; at: number };
  // One slash: two would be the address of another server.
  return Date.now() - at < KEPT_MS && /^\/(?!\/)/.test(to) ? to : "/";
}
