import { useState } from "preact/hooks";
import { useList, useLoad } from "../loading.js";
import { Confirm, Dialog } from "../parts/dialog.js";
import { Field, Form } from "../parts/form.js";
import { Rows } from "../parts/list.js";
import { Empty, When } from "../parts/states.js";
import { go, usePlace } from "../place.js";
import { useAround } from "../session.js";
import type { InstalledSkill } from "../types.js";

/** What the workspace can do and what it knows: its skills and its memory. */
export function Library() {
  const { query } = usePlace();
  const list = useList<InstalledSkill>("/api/v1/skills", {}, ["skills-changed"]);
  const running = query.get("run");
  const [removing, setRemoving] = useState<InstalledSkill>();
  const { api } = useAround();
  return (
    <>
      <h1>Library</h1>
      <p class="lead">What this workspace can do, and what it remembers.</p>
      <section>
        <h2>Installed skills</h2>
        <Rows
          list={list}
          label="Installed skills"
          idOf={({ slug }) => slug}
          empty={
            <Empty title="No skill is installed">
              <p>
                Choose one in <a href="/skills">the marketplace</a>; agents can only run what is installed.
              </p>
            </Empty>
          }
        >
          {(skill) => (
            <div class="row with-buttons">
              <span class="row-main">
                <a href={`/skills?skill=${encodeURIComponent(skill.slug)}`}>
                  <strong>{skill.title}</strong>
                </a>
                <span class="row-note">{skill.description}</span>
              </span>
              <span class="row-buttons">
                <a class="button plain" href={`/library?run=${encodeURIComponent(skill.slug)}`}>
                  Run<span class="unseen"> {skill.title}</span>
                </a>
                <button type="button" class="button quiet" onClick={() => setRemoving(skill)}>
                  Remove<span class="unseen"> {skill.title}</span>
                </button>
              </span>
            </div>
          )}
        </Rows>
      </section>
      <Memory />
      {running !== null && <Run slug={running} />}
      {removing && (
        <Confirm
          title={`Remove ${removing.title}?`}
          button="Remove it"
          close={() => setRemoving(undefined)}
          run={async () => {
            await api.send("POST", `/api/v1/skills/${encodeURIComponent(removing.slug)}/uninstall`);
            await list.reload();
          }}
        >
          <p>Agents of this workspace can no longer run it. What it made stays, and you can install it again.</p>
        </Confirm>
      )}
    </>
  );
}

function Run({ slug }: { slug: string }) {
  const { api } = useAround();
  const [input, setInput] = useState("");
  const close = () => go("/library", "replace");
  const submit = async () => {
    const path = `/api/v1/skills/${encodeURIComponent(slug)}/run`;
    const { executionId } = await api.send<{ executionId: string }>("POST", path, { input, interface: "web" });
    go(`/executions?id=${encodeURIComponent(executionId)}`, "replace");
  };
  return (
    <Dialog title={`Run ${slug}`} close={close}>
      <Form submit={submit} button="Run it">
        <Field
          label="What should it work on?"
          kind="area"
          value={input}
          set={setInput}
          required
          hint="The text, the task, or both. The run may read the workspace's memory."
        />
      </Form>
    </Dialog>
  );
}

function Memory() {
  const { api } = useAround();
  const [draft, setDraft] = useState<string>();
  const { loaded, reload, set } = useLoad("memory", (asked) => asked.get<{ content: string }>("/api/v1/memory"), [
    "memory-updated",
  ]);
  const [adding, setAdding] = useState(false);
  const append = async () => {
    set(await api.send<{ content: string }>("PUT", "/api/v1/memory", { content: draft, mode: "append" }));
    setAdding(false);
    setDraft(undefined);
  };
  return (
    <section>
      <h2>Memory</h2>
      <p>Notes that all agents of the workspace share. They read it when they start and add to it as they work.</p>
      <When loaded={loaded} reload={reload}>
        {({ content }) =>
          content === "" ? (
            <Empty title="Nothing is remembered yet">
              <p>Add what every agent should know: who you are, how you like things, what is decided.</p>
            </Empty>
          ) : (
            <pre class="output" tabIndex={0} aria-label="The memory document">
              {content}
            </pre>
          )
        }
      </When>
      <div class="buttons">
        <button type="button" class="button plain" onClick={() => setAdding(true)}>
          Add a note
        </button>
      </div>
      {adding && (
        <Dialog title="Add a note" close={() => setAdding(false)}>
          <Form submit={append} button="Add it">
            <Field
              label="What should the agents remember?"
              kind="area"
              value={draft ?? ""}
              set={setDraft}
              required
              hint="It is added at the end; nothing that is there is lost."
            />
          </Form>
        </Dialog>
      )}
    </section>
  );
}
