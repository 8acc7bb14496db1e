/**
 * Keeps the focus near where it was when what had it goes: an answered form, a revoked key. The browser would drop it,
 * and whoever uses a keyboard or a screen reader would begin at the top again. Returns what ends it.
 */
export function keepFocus(): () => void {
  /** What has the focus, and what is around it from the inside out. */
  let last: readonly HTMLElement[] = [];
  const note = ({ target }: FocusEvent) => {
    last = [];
    for (let at = target; at instanceof HTMLElement; at = at.parentElement) last = [...last, at];
  };
  const look = () => {
    const [focused, ...around] = last;
    if (!focused || focused.isConnected || document.activeElement !== document.body) return;
    const place = around.find((element) => element.isConnected && element.matches("li, section, main"));
    if (!place) return;
    if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("focusin", note);
  return () => {
    observer.disconnect();
    document.removeEventListener("focusin", note);
  };
}
