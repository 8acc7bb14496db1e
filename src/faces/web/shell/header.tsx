import { useEffect, useState } from "preact/hooks";
import { useLoad } from "../loading.js";
import { go, usePlace } from "../place.js";
import { useAround, useSession } from "../session.js";
import type { Consent, Page, Workspace } from "../types.js";
import icon from "../icon.svg";

const LINKS = [
  ["/", "Overview"],
  ["/approvals", "Approvals"],
  ["/executions", "Executions"],
  ["/artifacts", "Artifacts"],
  ["/workflows", "Workflows"],
  ["/library", "Library"],
  ["/skills", "Skills"],
  ["/settings", "Settings"],
] as const;

/** The name, the ways to the pages, and whose workspace this is. */
export function Header() {
  const { standing } = useAround();
  const { path } = usePlace();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const signedIn = standing.kind === "signed-in";
  return (
    <header class={open ? "open" : ""}>
      <div class="brand-row">
        <a class="brand" href="/">
          <img src={icon} alt="" width="28" height="28" />
          Clanker
        </a>
        {signedIn ? (
          <button
            type="button"
            class="button plain menu-button"
            aria-expanded={open}
            aria-controls="menu"
            onClick={() => setOpen(!open)}
          >
            Menu
          </button>
        ) : (
          <nav class="brand-links" aria-label="Pages">
            <a href="/skills" {...(path === "/skills" && { "aria-current": "page" as const })}>
              Skills
            </a>
            <a href="/sign-in" {...(path === "/sign-in" && { "aria-current": "page" as const })}>
              Sign in
            </a>
          </nav>
        )}
      </div>
      {signedIn && (
        <div class="menu" id="menu">
          <nav aria-label="Pages">
            <ul>
              {LINKS.map(([to, name]) => (
                <li key={to}>
                  <a href={to} {...(path === to && { "aria-current": "page" as const })}>
                    {name}
                    {to === "/approvals" && <Waiting />}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <Whose />
        </div>
      )}
    </header>
  );
}

/** How many agents wait for an answer. */
function Waiting() {
  const { loaded } = useLoad(
    "waiting",
    (api) => api.get<Page<Consent>>("/api/v1/agents/consents", { status: "pending" }),
    ["consent-requested", "consent-decided"],
  );
  const count = loaded.state === "ready" ? loaded.value.data.length : 0;
  if (count === 0) return null;
  return (
    <span class="count">
      {count}
      <span class="unseen"> waiting</span>
    </span>
  );
}

function Whose() {
  const { choose, signOut } = useAround();
  const { person, workspace } = useSession();
  const { loaded } = useLoad("workspaces", (api) => api.get<Page<Workspace>>("/api/v1/workspaces", { limit: 100 }));
  const others = loaded.state === "ready" ? loaded.value.data : [];
  const leave = async () => {
    await signOut();
    go("/");
  };
  return (
    <div class="whose">
      {others.length > 1 ? (
        <>
          <label for="workspace">Workspace</label>
          <select id="workspace" value={workspace.id} onChange={(event) => void choose(event.currentTarget.value)}>
            {others.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </>
      ) : (
        <p class="whose-workspace">{workspace.name}</p>
      )}
      <p class="whose-person">
        {person.name} · {workspace.role}
      </p>
      <button type="button" class="button quiet" onClick={() => void leave()}>
        Sign out
      </button>
    </div>
  );
}
