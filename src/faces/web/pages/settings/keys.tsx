import { useState } from "preact/hooks";
import { READ_SCOPES } from "../../../../core/scopes.js";
import { useList } from "../../loading.js";
import { Confirm, Dialog } from "../../parts/dialog.js";
import { Choice, Field, Form } from "../../parts/form.js";
import { Rows } from "../../parts/list.js";
import { ScopePicker } from "../../parts/scopes.js";
import { Empty } from "../../parts/states.js";
import { CopyText, Status, Time } from "../../parts/text.js";
import { useAround } from "../../session.js";
import type { Key } from "../../types.js";

const LIFETIMES = [
  ["", "Until it is revoked"],
  ["86400", "One day"],
  ["604800", "One week"],
  ["2592000", "30 days"],
  ["31536000", "One year"],
] as const;

/** The workspace's keys: who holds one, what it may do, and taking it back. */
export function Keys() {
  const { api } = useAround();
  const list = useList<Key>("/api/v1/api-keys");
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key>();
  return (
    <section>
      <div class="title-row">
        <h2>Keys</h2>
        <button type="button" class="button strong" onClick={() => setCreating(true)}>
          New key
        </button>
      </div>
      <Rows
        list={list}
        label="Keys"
        idOf={({ id }) => id}
        empty={
          <Empty title="There are no keys yet">
            <p>Make one for each agent or program, so that you can take each back by itself.</p>
          </Empty>
        }
      >
        {(key) => <KeyRow row={key} revoke={() => setRevoking(key)} />}
      </Rows>
      {creating && <NewKey close={() => setCreating(false)} made={list.reload} />}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}?`}
          button="Revoke it"
          close={() => setRevoking(undefined)}
          run={async () => {
            await api.send("POST", `/api/v1/api-keys/${encodeURIComponent(revoking.id)}/revoke`);
            await list.reload();
          }}
        >
          <p>Whoever uses it is refused from now on, and its open sessions end within seconds. There is no way back.</p>
        </Confirm>
      )}
    </section>
  );
}

function KeyRow({ row, revoke }: { row: Key; revoke: () => void }) {
  const expired = row.expires_at && new Date(row.expires_at).getTime() < Date.now();
  const state = row.revoked_at ? "revoked" : expired ? "expired" : undefined;
  return (
    <div class="row with-buttons">
      <span class="row-main">
        <strong>{row.name}</strong>
        <span class="row-note">
          <code>
            {row.prefix}…{row.last_four}
          </code>{" "}
          · made <Time at={row.created_at} /> ·{" "}
          {row.last_used_at ? (
            <>
              used <Time at={row.last_used_at} />
            </>
          ) : (
            "never used"
          )}
          {row.expires_at && !expired && (
            <>
              {" "}
              · ends <Time at={row.expires_at} />
            </>
          )}
        </span>
        <details>
          <summary>{row.scopes.includes("*") ? "May do everything" : `${row.scopes.length} scopes`}</summary>
          <p class="mono">{row.scopes.join(" ")}</p>
        </details>
      </span>
      <span class="row-buttons">
        {state === undefined ? (
          <button type="button" class="button danger" onClick={revoke}>
            Revoke<span class="unseen"> {row.name}</span>
          </button>
        ) : (
          <Status is={state} />
        )}
      </span>
    </div>
  );
}

function NewKey({ close, made }: { close: () => void; made: () => Promise<void> }) {
  const { api } = useAround();
  const [name, setName] = useState("");
  const [lifetime, setLifetime] = useState("");
  const [scopes, setScopes] = useState<string[]>([...READ_SCOPES]);
  const [key, setKey] = useState<string>();
  const submit = async () => {
    const expires = lifetime === "" ? {} : { expires_in: Number(lifetime) };
    const answer = await api.send<{ key: string }>("POST", "/api/v1/api-keys", { name, scopes, ...expires });
    setKey(answer.key);
    await made();
  };
  if (key !== undefined) {
    return (
      <Dialog title="Your new key" close={close}>
        <p>Copy it now: it is shown this once. The server keeps only a fingerprint of it.</p>
        <CopyText text={key} label="The new key" />
        <div class="buttons">
          <button type="button" class="button strong" onClick={close}>
            I have it
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New key" close={close}>
      <Form submit={submit} button="Make the key" disabled={scopes.length === 0}>
        <Field label="Name" value={name} set={setName} required maxLength={100} hint="Who or what will use it." />
        <Choice label="It works" value={lifetime} set={setLifetime} options={LIFETIMES} />
        <ScopePicker chosen={scopes} set={setScopes} />
      </Form>
    </Dialog>
  );
}
