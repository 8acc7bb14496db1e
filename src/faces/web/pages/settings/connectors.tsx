import { useState } from "preact/hooks";
import { useList } from "../../loading.js";
import { Action } from "../../parts/action.js";
import { Confirm } from "../../parts/dialog.js";
import { Rows } from "../../parts/list.js";
import { Empty } from "../../parts/states.js";
import { Status, Time } from "../../parts/text.js";
import { useAround, useIsManager } from "../../session.js";
import type { ConnectorView } from "../../types.js";

/** The apps that agents can reach through this workspace. */
export function Connectors() {
  const { api } = useAround();
  const isManager = useIsManager();
  const list = useList<ConnectorView>("/api/v1/connectors");
  const [leaving, setLeaving] = useState<ConnectorView>();
  const connect = async (app: string) => {
    const { url } = await api.send<{ url: string }>("POST", `/api/v1/connectors/${encodeURIComponent(app)}/connect`);
    // The address is this server's own, which sends the browser on to the provider.
    const to = new URL(url, location.origin);
    if (to.protocol === "https:" || to.protocol === "http:") location.assign(to);
  };
  return (
    <section>
      <h2>Connectors</h2>
      <p>Apps that agents may use through this workspace, each as far as its key’s scopes go.</p>
      <Rows list={list} label="Apps" idOf={({ app }) => app} empty={<Empty title="This server knows no apps" />}>
        {(connector) => (
          <div class="row with-buttons">
            <span class="row-main">
              <strong>{connector.title}</strong>
              <span class="row-note">
                {connector.account ?? (connector.source === "environment" ? "by a token of the operator" : "")}
                {connector.connected_at !== undefined && (
                  <>
                    {" "}
                    · since <Time at={connector.connected_at} />
                  </>
                )}
              </span>
            </span>
            <span class="row-buttons">
              <Status is={connector.status} />
              {isManager && connector.configured && !connector.connected && (
                <Action run={() => connect(connector.app)} label={`Connect ${connector.title}`}>
                  Connect
                </Action>
              )}
              {isManager && connector.connected && connector.source !== "environment" && (
                <button type="button" class="button danger" onClick={() => setLeaving(connector)}>
                  Disconnect<span class="unseen"> {connector.title}</span>
                </button>
              )}
              {!connector.configured && !connector.connected && (
                <span class="row-note">Needs an OAuth client in this server’s settings</span>
              )}
            </span>
          </div>
        )}
      </Rows>
      {leaving && (
        <Confirm
          title={`Disconnect ${leaving.title}?`}
          button="Disconnect it"
          close={() => setLeaving(undefined)}
          run={async () => {
            await api.send("POST", `/api/v1/connectors/${encodeURIComponent(leaving.app)}/disconnect`);
            await list.reload();
          }}
        >
          <p>
            Agents can no longer reach it. The permission is given back to the provider, and the tokens are forgotten.
          </p>
        </Confirm>
      )}
    </section>
  );
}
