import { useEffect, useState } from "preact/hooks";

/** Where in the pages the person is. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const MOVED = "clanker:moved";

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

/** The present place; renders anew when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const look = () => setPlace(here());
    addEventListener("popstate", look);
    addEventListener(MOVED, look);
    return () => {
      removeEventListener("popstate", look);
      removeEventListener(MOVED, look);
    };
  }, []);
  return place;
}

/** Goes to another place of the pages without loading the document anew. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  history[how === "push" ? "pushState" : "replaceState"](null, "", to);
  dispatchEvent(new Event(MOVED));
}

/** Has plain clicks on links to `paths` stay in this document; answers what ends that. */
export function followLinks(paths: ReadonlySet<string>): () => void {
  const follow = (click: MouseEvent) => {
    const plain = click.button === 0 && !click.metaKey && !click.ctrlKey && !click.shiftKey && !click.altKey;
    const link = click.target instanceof Element ? click.target.closest("a") : null;
    if (!plain || click.defaultPrevented || !link || link.target !== "" || link.hasAttribute("download")) return;
    const to = new URL(link.href, location.href);
    if (to.origin !== location.origin || !paths.has(to.pathname) || link.getAttribute("href")?.startsWith("#")) return;
    click.preventDefault();
    go(to.pathname + to.search);
  };
  document.addEventListener("click", follow);
  return () => document.removeEventListener("click", follow);
}
