import { useState } from "preact/hooks";
import { isSensitive } from "../../../core/scopes.js";
import { Failure } from "../api.js";
import { Action } from "../parts/action.js";
import { Confirm } from "../parts/dialog.js";
import { Choice } from "../parts/form.js";
import { ScopeList, ScopePicker } from "../parts/scopes.js";
import { Notice } from "../parts/states.js";
import { Time } from "../parts/text.js";
import { useAround } from "../session.js";
import type { Consent, GrantMode } from "../types.js";

const MODES: readonly (readonly [GrantMode, string])[] = [
  ["one_time", "For one call, within five minutes"],
  ["session", "For one hour"],
  ["persistent", "From now on, until revoked"],
];

const inWords = (mode: GrantMode) => MODES.find(([value]) => value === mode)?.[1].toLowerCase() ?? mode;

/** Who asks, for what, in the agent's own words; and the person's answer. */
export function ConsentSheet({ consent, reload }: { consent: Consent; reload: () => Promise<void> }) {
  const { agent_display_name: name, key, reason, status } = consent;
  return (
    <div class="card sheet">
      <p class="row-note">An agent that calls itself</p>
      <h2 class="asker">{name}</h2>
      <dl class="facts">
        <div>
          <dt>Its key</dt>
          <dd>
            {key ? (
              <>
                {key.name} <code>{key.prefix}…</code>
              </>
            ) : (
              "the owner’s own key"
            )}
          </dd>
        </div>
        <div>
          <dt>Asked</dt>
          <dd>
            <Time at={consent.created_at} />
          </dd>
        </div>
        <div>
          <dt>Wants it</dt>
          <dd>{inWords(consent.mode)}</dd>
        </div>
      </dl>
      <h3>Why, in the agent’s own words</h3>
      <blockquote>{reason === "" ? "It gave no reason." : reason}</blockquote>
      {status === "pending" ? <Answer consent={consent} reload={reload} /> : <Answered consent={consent} />}
    </div>
  );
}

const ANSWERS: Readonly<Record<Exclude<Consent["status"], "pending">, string>> = {
  granted: "You allowed this. The agent has what is listed here.",
  denied: "This was denied. The agent got nothing.",
  expired: "Nobody answered in time, so the agent got nothing. It can ask again.",
};

function Answered({ consent: { status, scopes } }: { consent: Consent }) {
  if (status === "pending") return null;
  return (
    <>
      <Notice tone={status === "granted" ? "good" : "plain"}>
        <p>{ANSWERS[status]}</p>
      </Notice>
      <ScopeList scopes={scopes} />
    </>
  );
}

function Answer({ consent, reload }: { consent: Consent; reload: () => Promise<void> }) {
  const { api, live } = useAround();
  const [scopes, setScopes] = useState<string[]>([...consent.scopes]);
  const [mode, setMode] = useState<GrantMode>(consent.mode);
  const [tightening, setTightening] = useState(false);
  const [asksTwice, setAsksTwice] = useState(false);
  const path = `/api/v1/agents/consents/${encodeURIComponent(consent.id)}`;
  const decide = async (what: "approve" | "deny", body: Record<string, unknown>) => {
    await api.send("POST", `${path}/${what}`, body);
    live?.tell({ type: "consent-decided", data: { id: consent.id } });
    await reload();
  };
  const approve = async () => {
    try {
      await decide("approve", { scopes, mode });
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== "CONFIRMATION_REQUIRED") throw thrown;
      setAsksTwice(true);
    }
  };
  const sensitive = scopes.filter(isSensitive);
  return (
    <>
      <h3>What it would be allowed</h3>
      {tightening ? (
        <ScopePicker chosen={scopes} set={setScopes} among={consent.scopes} />
      ) : (
        <>
          <ScopeList scopes={scopes} />
          {consent.scopes.length > 1 && (
            <p>
              <button type="button" class="link" onClick={() => setTightening(true)}>
                Allow only some of these
              </button>
            </p>
          )}
        </>
      )}
      <Choice
        label="For how long"
        value={mode}
        set={(value) => setMode(MODES.find(([known]) => known === value)?.[0] ?? "one_time")}
        options={MODES}
      />
      <p class="row-note">
        The request ends <Time at={consent.expires_at} />. Doing nothing denies it.
      </p>
      <div class="buttons">
        <Action tone="strong" run={approve} disabled={scopes.length === 0}>
          Approve
        </Action>
        <Action tone="danger" run={() => decide("deny", {})}>
          Deny
        </Action>
      </div>
      {asksTwice && (
        <Confirm
          title="Allow this from now on?"
          button="Allow it from now on"
          close={() => setAsksTwice(false)}
          run={() => decide("approve", { scopes, mode, confirmed: true })}
        >
          <p>
            {consent.agent_display_name} could do the following at any time, without asking again, until you revoke its
            key{consent.key && `, ${consent.key.name}`}:
          </p>
          <ScopeList scopes={sensitive} />
        </Confirm>
      )}
    </>
  );
}
