import type { FunctionComponent } from "preact";
import { usePlace } from "../place.js";
import { useIsManager, useSession } from "../session.js";
import { Activity } from "./settings/activity.js";
import { Agents } from "./settings/agents.js";
import { Connectors } from "./settings/connectors.js";
import { Credits } from "./settings/credits.js";
import { Keys } from "./settings/keys.js";
import { Members } from "./settings/members.js";
import { Secrets } from "./settings/secrets.js";

interface Part {
  readonly id: string;
  readonly name: string;
  readonly Part: FunctionComponent;
  /** Only for owners and admins. */
  readonly managers?: true;
}

const PARTS: readonly Part[] = [
  { id: "keys", name: "Keys", Part: Keys, managers: true },
  { id: "agents", name: "Agents", Part: Agents },
  { id: "connectors", name: "Connectors", Part: Connectors },
  { id: "members", name: "Members", Part: Members, managers: true },
  { id: "credits", name: "Credits", Part: Credits },
  { id: "secrets", name: "Secrets", Part: Secrets, managers: true },
  { id: "activity", name: "Activity", Part: Activity, managers: true },
];

/** What is set for the workspace, as far as the person's role may see it. */
export function Settings() {
  const { query } = usePlace();
  const { workspace } = useSession();
  const isManager = useIsManager();
  const parts = PARTS.filter(({ managers }) => isManager || !managers);
  const asked = query.get("part");
  const shown = parts.find(({ id }) => id === asked) ?? parts[0];
  const hidden = PARTS.some(({ id }) => id === asked) && shown?.id !== asked;
  return (
    <>
      <h1>Settings</h1>
      <p class="lead">
        {workspace.name}, where you are {workspace.role === "member" ? "a member" : `the ${workspace.role}`}.
      </p>
      <nav class="chips" aria-label="Settings">
        {parts.map(({ id, name }) => (
          <a key={id} href={`/settings?part=${id}`} {...(id === shown?.id && { "aria-current": "page" as const })}>
            {name}
          </a>
        ))}
      </nav>
      {hidden && <p class="notice plain">That part is for owners and admins; ask one of them.</p>}
      {shown && <shown.Part key={shown.id} />}
    </>
  );
}
