import { ConsentRow } from "./consent-row.js";
import { useList, useLoad } from "../loading.js";
import { CodeForm, readCode } from "../parts/code.js";
import { Rows } from "../parts/list.js";
import { Empty, When } from "../parts/states.js";
import { Time } from "../parts/text.js";
import { go, usePlace } from "../place.js";
import { useSession } from "../session.js";
import type { Consent, Page } from "../types.js";
import { ConsentSheet } from "./consent-sheet.js";

const CHANGES = ["consent-requested", "consent-decided"];

/** The agents that ask for more than they may, and the answer to each. */
export function Approvals() {
  const { query } = usePlace();
  const given = query.get("code") ?? query.get("link_code");
  const code = given === null ? undefined : readCode(given);
  return code === undefined ? <All /> : <One key={code} code={code} />;
}

function All() {
  const list = useList<Consent>("/api/v1/agents/consents", { status: "pending" }, CHANGES);
  return (
    <>
      <h1>Approvals</h1>
      <p class="lead">Agents that want to do more than they may. Nothing happens until you answer.</p>
      <section>
        <h2>Waiting</h2>
        <Rows
          list={list}
          label="Waiting for you"
          idOf={({ id }) => id}
          empty={
            <Empty title="Nobody waits for you">
              <p>When an agent asks for permission it appears here by itself. A request lasts five minutes.</p>
            </Empty>
          }
        >
          {(consent) => (
            <ConsentRow consent={consent}>
              <span class="mono">{consent.link_code}</span>
              <span class="row-note">
                ends <Time at={consent.expires_at} />
              </span>
            </ConsentRow>
          )}
        </Rows>
      </section>
      <section class="card narrow">
        <h2>Have a code?</h2>
        <CodeForm
          label="The code the agent shows"
          hint="Eight letters; the dash does not matter."
          button="Look it up"
          take={(typed) => go(`/approvals?code=${typed}`)}
        />
      </section>
    </>
  );
}

function One({ code }: { code: string }) {
  const { workspace } = useSession();
  const { loaded, reload } = useLoad(
    code,
    (api) => api.get<Page<Consent>>("/api/v1/agents/consents", { link_code: code }),
    CHANGES,
  );
  return (
    <>
      <p class="crumb">
        <a href="/approvals">Approvals</a>
      </p>
      <h1>A request for permission</h1>
      <When loaded={loaded} reload={reload} what="Looking the code up">
        {({ data: [consent] }) =>
          consent ? (
            <ConsentSheet consent={consent} reload={reload} />
          ) : (
            <Empty title={`${workspace.name} has no request with the code ${code}`}>
              <p>Check the code, and in the menu whether this is the right workspace. An old request is forgotten.</p>
            </Empty>
          )
        }
      </When>
    </>
  );
}
