import type { FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Activate } from "./pages/activate.js";
import { Approvals } from "./pages/approvals.js";
import { Artifacts } from "./pages/artifacts.js";
import { Executions } from "./pages/executions.js";
import { Home, Welcome } from "./pages/home.js";
import { Library } from "./pages/library.js";
import { Settings } from "./pages/settings.js";
import { SignIn } from "./pages/sign-in.js";
import { Marketplace } from "./pages/skills.js";
import { Workflows } from "./pages/workflows.js";
import { Failed, Loading } from "./parts/states.js";
import { followLinks, usePlace } from "./place.js";
import { useAround } from "./session.js";
import { Header } from "./shell/header.js";
import { Connection } from "./shell/connection.js";
import { keepFocus } from "./shell/focus.js";
import { SignedOut } from "./shell/signed-out.js";

interface PageKind {
  readonly title: string;
  readonly Page: FunctionComponent;
  /** What somebody sees who is not signed in; how to sign in where this is left out. */
  readonly Public?: FunctionComponent;
}

const PAGES: Readonly<Record<string, PageKind>> = {
  "/": { title: "Overview", Page: Home, Public: Welcome },
  "/activate": { title: "Connect a device", Page: Activate },
  "/approvals": { title: "Approvals", Page: Approvals },
  "/artifacts": { title: "Artifacts", Page: Artifacts },
  "/executions": { title: "Executions", Page: Executions },
  "/library": { title: "Library", Page: Library },
  "/settings": { title: "Settings", Page: Settings },
  "/sign-in": { title: "Sign in", Page: SignIn, Public: SignIn },
  "/skills": { title: "Skills", Page: Marketplace, Public: Marketplace },
  "/workflows": { title: "Workflows", Page: Workflows },
};

/** The whole of the pages: header, the page of the address, and what is said about the connection. */
export function App() {
  const { path } = usePlace();
  const page = PAGES[path] ?? PAGES["/"];
  const title = page?.title ?? "";
  const main = useRef<HTMLElement>(null);
  const [first, setFirst] = useState(path);
  useEffect(() => followLinks(new Set(Object.keys(PAGES))), []);
  useEffect(keepFocus, []);
  useEffect(() => {
    document.title = title === "Overview" ? "Clanker" : `${title} · Clanker`;
    if (path === first) return;
    // A page that replaced another one starts at its top, for the eye and for a screen reader.
    setFirst("");
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1}>
        {page && <Shown key={path} {...page} />}
      </main>
      <Connection />
    </>
  );
}

function Shown({ title, Page, Public }: PageKind) {
  const { standing, refresh } = useAround();
  if (standing.kind === "signed-in") return <Page key={standing.session.workspace.id} />;
  if (Public && standing.kind === "signed-out") return <Public />;
  return (
    <>
      <h1>{title}</h1>
      {standing.kind === "unknown" && <Loading />}
      {standing.kind === "failed" && <Failed failure={standing.failure} retry={refresh} />}
      {standing.kind === "signed-out" && <SignedOut />}
    </>
  );
}
