import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Api, createApi, Failure } from "./api.js";
import { type Live, openLive } from "./live.js";
import type { Session } from "./types.js";

/** Whether somebody is signed in, as far as is known. */
export type Standing =
  | { readonly kind: "unknown" }
  | { readonly kind: "signed-out" }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "signed-in"; readonly session: Session };

interface Surroundings {
  readonly api: Api;
  readonly live: Live | undefined;
  readonly standing: Standing;
  /** Asks the server again who is signed in. */
  refresh(): Promise<void>;
  signIn(session: Session): void;
  signOut(): Promise<void>;
  choose(workspace: string): Promise<void>;
}

const Around = createContext<Surroundings | undefined>(undefined);
const CHOSEN = "clanker-workspace";

/** What every part of the pages can reach. */
export function useAround(): Surroundings {
  const around = useContext(Around);
  if (!around) throw new Error("Outside of SessionProvider.");
  return around;
}

/** The session of a part that is shown to signed-in people only. */
export function useSession(): Session {
  const { standing } = useAround();
  if (standing.kind !== "signed-in") throw new Error("Nobody is signed in.");
  return standing.session;
}

/** Whether the session may manage keys, secrets and members. */
export function useIsManager(): boolean {
  return useSession().workspace.role !== "member";
}

/** Keeps who is signed in, and the live events of their workspace. */
export function SessionProvider({ children }: { children: ComponentChildren }) {
  const [standing, setStanding] = useState<Standing>({ kind: "unknown" });
  const [live, setLive] = useState<Live>();
  const credentials = useRef<{ csrfToken?: string; workspace?: string }>({});
  const api = useMemo(
    () =>
      createApi(
        () => credentials.current,
        () => setStanding({ kind: "signed-out" }),
      ),
    [],
  );

  const signIn = (session: Session) => {
    credentials.current = { csrfToken: session.csrf_token, workspace: session.workspace.id };
    sessionStorage.setItem(CHOSEN, session.workspace.id);
    setStanding({ kind: "signed-in", session });
  };
  const refresh = async () => {
    const chosen = sessionStorage.getItem(CHOSEN);
    credentials.current = chosen === null ? {} : { workspace: chosen };
    try {
      signIn(await api.get<Session>("/api/v1/session"));
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (thrown.status === 403 && chosen !== null) {
        // No longer a member there: the person's own workspace is always open.
        sessionStorage.removeItem(CHOSEN);
        await refresh();
      } else if (thrown.status !== 401) setStanding({ kind: "failed", failure: thrown });
    }
  };
  useEffect(() => void refresh(), []);

  const workspace = standing.kind === "signed-in" ? standing.session.workspace.id : undefined;
  const person = standing.kind === "signed-in" ? standing.session.person.id : undefined;
  useEffect(() => {
    if (workspace === undefined) return;
    const opened = openLive(api);
    setLive(opened);
    return () => {
      opened.close();
      setLive(undefined);
    };
  }, [api, workspace, person]);

  const around: Surroundings = {
    api,
    live,
    standing,
    refresh,
    signIn,
    async signOut() {
      await api.send("POST", "/api/v1/sign-out");
      sessionStorage.removeItem(CHOSEN);
      credentials.current = {};
      setStanding({ kind: "signed-out" });
    },
    async choose(id) {
      sessionStorage.setItem(CHOSEN, id);
      await refresh();
    },
  };
  return <Around.Provider value={around}>{children}</Around.Provider>;
}
