import { ConsentRow } from "../consent-row.js";
import { useList } from "../../loading.js";
import { Rows } from "../../parts/list.js";
import { Empty } from "../../parts/states.js";
import { Status, Time } from "../../parts/text.js";
import { useIsManager } from "../../session.js";
import type { Consent } from "../../types.js";

/** The agents that asked for something, and what became of it. */
export function Agents() {
  const isManager = useIsManager();
  const list = useList<Consent>("/api/v1/agents/consents", {}, ["consent-requested", "consent-decided"]);
  return (
    <section>
      <h2>Agents</h2>
      <p>
        What agents asked for, newest first.
        {isManager && (
          <>
            {" "}
            To stop one for good, revoke its key under <a href="/settings?part=keys">Keys</a>.
          </>
        )}
      </p>
      <Rows
        list={list}
        label="Requests of agents"
        idOf={({ id }) => id}
        empty={
          <Empty title="No agent has asked for anything">
            <p>
              Connect one: give its MCP client the address <code>{location.origin}/mcp/</code> and a key.
            </p>
          </Empty>
        }
      >
        {(consent) => (
          <ConsentRow consent={consent}>
            <Status is={consent.status} />
            <span class="row-note">
              <Time at={consent.created_at} />
            </span>
          </ConsentRow>
        )}
      </Rows>
    </section>
  );
}
