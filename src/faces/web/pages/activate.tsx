import { useState } from "preact/hooks";
import { READ_SCOPES } from "../../../core/scopes.js";
import { useLoad } from "../loading.js";
import { Action } from "../parts/action.js";
import { CodeForm, readCode } from "../parts/code.js";
import { Choice } from "../parts/form.js";
import { ScopePicker } from "../parts/scopes.js";
import { Notice, When } from "../parts/states.js";
import { Time } from "../parts/text.js";
import { go, usePlace } from "../place.js";
import { useAround, useIsManager, useSession } from "../session.js";
import type { Activation, Page, Workspace } from "../types.js";

/** Gives a key to a device that shows a code, or refuses it. */
export function Activate() {
  const { query } = usePlace();
  const given = query.get("code");
  const code = given === null ? undefined : readCode(given);
  return (
    <>
      <h1>Connect a device</h1>
      {code !== undefined ? (
        <Device key={code} code={code} />
      ) : (
        <div class="card narrow">
          {given !== null && <p>That is no code: a code has eight letters, such as BCDF-GHJK.</p>}
          <CodeForm
            label="The code on the device"
            hint="A program that wants to work here shows it, for instance clanker-mcp login."
            button="Look it up"
            take={(typed) => go(`/activate?code=${typed}`)}
          />
        </div>
      )}
    </>
  );
}

function Device({ code }: { code: string }) {
  const { loaded, reload } = useLoad(code, (api) => api.get<Activation>("/api/v1/activate/lookup", { code }));
  const [decided, setDecided] = useState<"allowed" | "denied">();
  if (decided === "allowed") {
    return (
      <Notice tone="good">
        <p>Done. The device takes its key by itself within seconds; you can close this page.</p>
        <p>
          You can take the key back at any time in <a href="/settings?part=keys">the settings</a>.
        </p>
      </Notice>
    );
  }
  if (decided === "denied") {
    return (
      <Notice>
        <p>Denied. The device gets no key.</p>
      </Notice>
    );
  }
  return (
    <>
      <When loaded={loaded} reload={reload} what="Looking the code up">
        {(device) =>
          device.status === "pending" ? (
            <Decision device={device} decided={setDecided} />
          ) : (
            <Notice>
              <p>This code is {device.status}. Start again on the device to get a new one.</p>
            </Notice>
          )
        }
      </When>
      <p>
        <a href="/activate">Enter another code</a>
      </p>
    </>
  );
}

function Decision({ device, decided }: { device: Activation; decided: (how: "allowed" | "denied") => void }) {
  const { api } = useAround();
  const { workspace } = useSession();
  const isManager = useIsManager();
  const [into, setInto] = useState(workspace.id);
  const [scopes, setScopes] = useState<string[]>([...READ_SCOPES]);
  const workspaces = useLoad("workspaces", (asked) => asked.get<Page<Workspace>>("/api/v1/workspaces", { limit: 100 }));
  const code = device.user_code;
  const confirm = async () => {
    await api.send("POST", "/api/v1/activate/confirm", { code, workspace: into, scopes });
    decided("allowed");
  };
  const deny = async () => {
    await api.send("POST", "/api/v1/activate/deny", { code });
    decided("denied");
  };
  const all = workspaces.loaded.state === "ready" ? workspaces.loaded.value.data : [workspace];
  return (
    <div class="card">
      <p class="row-note">A device asks for a key, and calls itself</p>
      <h2 class="asker">{device.client_label}</h2>
      <dl class="facts">
        <div>
          <dt>Code</dt>
          <dd class="mono">{code}</dd>
        </div>
        {device.ip !== undefined && (
          <div>
            <dt>Address</dt>
            <dd>{device.ip}</dd>
          </div>
        )}
        {device.user_agent !== undefined && (
          <div>
            <dt>Program</dt>
            <dd>{device.user_agent}</dd>
          </div>
        )}
        <div>
          <dt>Asked</dt>
          <dd>
            <Time at={device.created_at} />
          </dd>
        </div>
        <div>
          <dt>Ends</dt>
          <dd>
            <Time at={device.expires_at} />
          </dd>
        </div>
      </dl>
      <p class="warning">
        Allow it only if you started this yourself and the device shows the same code. If somebody sent you here, deny
        it.
      </p>
      {!isManager && <p class="calm">Members cannot give out keys here; ask an admin if this is refused.</p>}
      <Choice
        label="The key works in"
        value={into}
        set={setInto}
        options={all.map(({ id, name }) => [id, name] as const)}
      />
      <h3>What the key may do</h3>
      <ScopePicker chosen={scopes} set={setScopes} />
      <div class="buttons">
        <Action tone="strong" run={confirm} disabled={scopes.length === 0}>
          Allow
        </Action>
        <Action tone="danger" run={deny}>
          Deny
        </Action>
      </div>
    </div>
  );
}
