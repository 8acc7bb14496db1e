import { useState } from "preact/hooks";
import { useList, useLoad } from "../../loading.js";
import { Confirm, Dialog } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";
import { Rows } from "../../parts/list.js";
import { Empty, When } from "../../parts/states.js";
import { Time } from "../../parts/text.js";
import { useAround } from "../../session.js";
import type { ByokStatus, Secret } from "../../types.js";

/** Values that skills may use and nobody can read again, and the workspace's own model key. */
export function Secrets() {
  const { api } = useAround();
  const list = useList<Secret>("/api/v1/secrets");
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState<Secret>();
  return (
    <>
      <section>
        <div class="title-row">
          <h2>Secrets</h2>
          <button type="button" class="button strong" onClick={() => setAdding(true)}>
            New secret
          </button>
        </div>
        <p>A skill you bind one to can use it in a request; neither the model nor an agent ever sees it.</p>
        <Rows
          list={list}
          label="Secrets"
          idOf={({ id }) => id}
          empty={
            <Empty title="No secrets are kept">
              <p>Add one when a skill asks for it; its page in the marketplace says which.</p>
            </Empty>
          }
        >
          {(secret) => (
            <div class="row with-buttons">
              <span class="row-main">
                <strong>{secret.name}</strong>
                <span class="row-note">
                  {secret.id} · kept <Time at={secret.updated_at} />
                </span>
              </span>
              <span class="row-buttons">
                <button type="button" class="button danger" onClick={() => setDeleting(secret)}>
                  Delete<span class="unseen"> {secret.name}</span>
                </button>
              </span>
            </div>
          )}
        </Rows>
        {adding && <NewSecret close={() => setAdding(false)} made={list.reload} />}
        {deleting && (
          <Confirm
            title={`Delete ${deleting.name}?`}
            button="Delete it"
            close={() => setDeleting(undefined)}
            run={async () => {
              await api.send("DELETE", `/api/v1/secrets/${encodeURIComponent(deleting.id)}`);
              await list.reload();
            }}
          >
            <p>Skills that are bound to it stop working until they get another.</p>
          </Confirm>
        )}
      </section>
      <OwnKey />
    </>
  );
}

function NewSecret({ close, made }: { close: () => void; made: () => Promise<void> }) {
  const { api } = useAround();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const submit = async () => {
    await api.send("POST", "/api/v1/secrets", { name, value });
    await made();
    close();
  };
  return (
    <Dialog title="New secret" close={close}>
      <Form submit={submit} button="Keep it">
        <Field label="Name" value={name} set={setName} required maxLength={128} hint="What it is for." />
        <Field
          label="Value"
          kind="password"
          value={value}
          set={setValue}
          required
          autocomplete="new-password"
          hint="It is sealed at once and never shown again."
        />
      </Form>
    </Dialog>
  );
}

function OwnKey() {
  const { api } = useAround();
  const [value, setValue] = useState("");
  const [removing, setRemoving] = useState(false);
  const { loaded, reload, set } = useLoad("byok", (asked) => asked.get<ByokStatus>("/api/v1/byok"));
  const submit = async () => {
    set(await api.send<ByokStatus>("PUT", "/api/v1/byok", { anthropicKey: value }));
    setValue("");
  };
  return (
    <section class="card">
      <h2>Your own Anthropic key</h2>
      <p>With it, this workspace’s skills run on your account and cost no credits.</p>
      <When loaded={loaded} reload={reload}>
        {({ configured, last4 }) =>
          configured ? (
            <>
              <p>
                A key that ends in <code>{last4}</code> is in use.
              </p>
              <button type="button" class="button danger" onClick={() => setRemoving(true)}>
                Remove the key
              </button>
            </>
          ) : (
            <Form submit={submit} button="Use this key">
              <Field
                label="Anthropic key"
                kind="password"
                value={value}
                set={setValue}
                required
                autocomplete="new-password"
                hint="It is checked with Anthropic first, then sealed."
              />
            </Form>
          )
        }
      </When>
      {removing && (
        <Confirm
          title="Remove your Anthropic key?"
          button="Remove it"
          close={() => setRemoving(false)}
          run={async () => {
            await api.send("DELETE", "/api/v1/byok");
            await reload();
          }}
        >
          <p>Skills then run on the server’s model, for credits, or not at all where it has none.</p>
        </Confirm>
      )}
    </section>
  );
}
