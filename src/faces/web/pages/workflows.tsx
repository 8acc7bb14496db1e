import { useState } from "preact/hooks";
import { useList, useLoad } from "../loading.js";
import { Dialog } from "../parts/dialog.js";
import { Rows } from "../parts/list.js";
import { SchemaForm } from "../parts/schema-form.js";
import { Empty, Notice } from "../parts/states.js";
import { Status, Time } from "../parts/text.js";
import { go, usePlace } from "../place.js";
import { useAround } from "../session.js";
import type { InstalledSkill, Page, RunSummary, WorkflowView } from "../types.js";
import { WorkflowRun } from "./workflow-run.js";

/** The workflows there are and their runs, or one run. */
export function Workflows() {
  const { query } = usePlace();
  const id = query.get("id");
  return id === null ? <All /> : <WorkflowRun key={id} id={id} />;
}

function All() {
  const { api } = useAround();
  const definitions = useList<WorkflowView>("/api/v1/workflows/definitions");
  const runs = useList<RunSummary>("/api/v1/workflows/runs", {}, ["workflow-state"]);
  const [starting, setStarting] = useState<WorkflowView>();
  const start = async (workflow: WorkflowView, inputData: Record<string, unknown>) => {
    const path = `/api/v1/workflows/${encodeURIComponent(workflow.id)}/launch`;
    const { runId } = await api.send<{ runId: string }>("POST", path, { inputData });
    go(`/workflows?id=${encodeURIComponent(runId)}`);
  };
  return (
    <>
      <h1>Workflows</h1>
      <p class="lead">Several steps in a row, some of which may wait for a person.</p>
      <section>
        <h2>Start one</h2>
        <Rows
          list={definitions}
          kind="cards"
          label="Workflows"
          idOf={({ id }) => id}
          empty={
            <Empty title="There are no workflows">
              <p>Put workflow files into a folder and name it in CLANKER_WORKFLOWS_PATH.</p>
            </Empty>
          }
        >
          {(workflow) => (
            <article class="skill">
              <h3>{workflow.title}</h3>
              <p>{workflow.description}</p>
              <p class="row-note">{workflow.steps.map(({ id, title }) => title ?? id).join(" → ")}</p>
              <button type="button" class="button plain" onClick={() => setStarting(workflow)}>
                Start<span class="unseen"> {workflow.title}</span>
              </button>
            </article>
          )}
        </Rows>
      </section>
      <section>
        <h2>Runs</h2>
        <Rows
          list={runs}
          label="Workflow runs"
          idOf={({ id }) => id}
          empty={
            <Empty title="No workflow has run yet">
              <p>Start one above, or have an agent do it.</p>
            </Empty>
          }
        >
          {({ id, title, status, created_at, waiting_for }) => (
            <a class="row" href={`/workflows?id=${encodeURIComponent(id)}`}>
              <span class="row-main">
                <strong>{title}</strong>
                <span class="row-note">
                  {id}
                  {waiting_for.length > 0 && ` · waits at ${waiting_for.join(", ")}`}
                </span>
              </span>
              <span class="row-side">
                <Status is={status} />
                <span class="row-note">
                  <Time at={created_at} />
                </span>
              </span>
            </a>
          )}
        </Rows>
      </section>
      {starting && (
        <Dialog title={`Start ${starting.title}`} close={() => setStarting(undefined)}>
          <Missing workflow={starting} />
          <SchemaForm schema={starting.inputSchema} button="Start" submit={(data) => start(starting, data)} />
        </Dialog>
      )}
    </>
  );
}

/** The skills that a workflow uses and the workspace lacks, with the way to each. */
function Missing({ workflow }: { workflow: WorkflowView }) {
  const { loaded } = useLoad("installed", (api) => api.get<Page<InstalledSkill>>("/api/v1/skills", { limit: 100 }));
  if (loaded.state !== "ready" || loaded.value.has_more) return null;
  const installed = new Set(loaded.value.data.map(({ slug }) => slug));
  const uses = workflow.steps.filter(({ kind }) => kind === "skill").map(({ uses: slug }) => slug);
  const missing = [...new Set(uses)].filter((slug) => !installed.has(slug));
  if (missing.length === 0) return null;
  return (
    <Notice>
      <p>It runs skills that this workspace does not have yet. Install them first:</p>
      <ul>
        {missing.map((slug) => (
          <li key={slug}>
            <a href={`/skills?skill=${encodeURIComponent(slug)}`}>{slug}</a>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
