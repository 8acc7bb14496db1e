import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Api, Failure } from "./api.js";
import type { LiveEvent } from "./live.js";
import { useAround } from "./session.js";
import type { Page } from "./types.js";

/** Something asked of the server. */
export type Loaded<T> =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly failure: Failure }
  | { readonly state: "ready"; readonly value: T };

/** Many events in a row cost one question. */
const SETTLE_MS = 400;

/** Calls the listener for each live event of these types, and for `anything`. */
export function useLive(types: readonly string[], listener: (event: LiveEvent) => void): void {
  const { live } = useAround();
  const latest = useRef(listener);
  latest.current = listener;
  const wanted = types.join();
  useEffect(
    () =>
      live?.listen((event) => {
        if (event.type === "anything" || wanted.split(",").includes(event.type)) latest.current(event);
      }),
    [live, wanted],
  );
}

/**
 * Asks the server when first shown, when `key` changes, and after live events of these types; what is there stays on
 * the page meanwhile.
 */
export function useLoad<T>(
  key: string,
  load: (api: Api) => Promise<T>,
  types: readonly string[] = [],
): { readonly loaded: Loaded<T>; readonly reload: () => Promise<void>; readonly set: (value: T) => void } {
  const { api } = useAround();
  const [loaded, setLoaded] = useState<{ readonly key: string; readonly it: Loaded<T> }>();
  const latest = useRef({ load, round: 0 });
  latest.current.load = load;
  const reload = useCallback(async () => {
    const round = ++latest.current.round;
    const it: Loaded<T> = await latest.current.load(api).then(
      (value) => ({ state: "ready", value }),
      (thrown: unknown) => {
        if (!(thrown instanceof Failure)) throw thrown;
        return { state: "failed", failure: thrown };
      },
    );
    if (round === latest.current.round) setLoaded({ key, it });
  }, [api, key]);
  useEffect(() => {
    void reload();
    const asked = latest.current;
    return () => void (asked.round += 1);
  }, [reload]);
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(settling.current), []);
  useLive(types.length > 0 ? types : ["none"], () => {
    clearTimeout(settling.current);
    settling.current = setTimeout(() => void reload(), SETTLE_MS);
  });
  return {
    loaded: loaded?.key === key ? loaded.it : { state: "loading" },
    reload,
    set: (value) => setLoaded({ key, it: { state: "ready", value } }),
  };
}

/** A list of the server that grows by a page when the person asks for more, and stays as long when it is reloaded. */
export function useList<T>(
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
  types: readonly string[] = [],
) {
  const pages = useRef(1);
  const key = `${path}?${JSON.stringify(query)}`;
  const list = useLoad(
    key,
    async (api): Promise<{ rows: T[]; hasMore: boolean }> => {
      const rows: T[] = [];
      let after: string | undefined;
      for (let page = 1; ; page += 1) {
        const got: Page<T> = await api.get(path, { ...query, limit: 20, after_id: after });
        rows.push(...got.data);
        if (!got.has_more || got.last_id === null || page >= pages.current) return { rows, hasMore: got.has_more };
        after = got.last_id;
      }
    },
    types,
  );
  const more = () => {
    pages.current += 1;
    return list.reload();
  };
  return { ...list, more };
}
