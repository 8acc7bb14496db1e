import { useLoad } from "../loading.js";
import { Action } from "../parts/action.js";
import { SchemaForm } from "../parts/schema-form.js";
import { When } from "../parts/states.js";
import { Status, Time } from "../parts/text.js";
import { useAround } from "../session.js";
import type { RunView, StepView } from "../types.js";

const FINAL = ["completed", "failed", "cancelled"];

/** One run of a workflow, step by step, with a form where it waits for a person. */
export function WorkflowRun({ id }: { id: string }) {
  const { api } = useAround();
  const path = `/api/v1/workflows/runs/${encodeURIComponent(id)}`;
  const { loaded, reload, set } = useLoad(id, (asked) => asked.get<RunView>(path), ["workflow-state"]);
  const resume = async (step: string, resumeData: Record<string, unknown>) =>
    set(await api.send<RunView>("POST", `${path}/resume`, { step, resumeData }));
  return (
    <>
      <p class="crumb">
        <a href="/workflows">Workflows</a>
      </p>
      <When loaded={loaded} reload={reload}>
        {(run) => (
          <>
            <div class="title-row">
              <h1>{run.title}</h1>
              <Status is={run.status} />
            </div>
            <p class="row-note">
              {run.id} · started <Time at={run.created_at} />
            </p>
            {run.error && (
              <div class="notice bad">
                <p>{run.error.message}</p>
              </div>
            )}
            {!FINAL.includes(run.status) && (
              <div class="buttons">
                <Action tone="danger" run={async () => set(await api.send<RunView>("POST", `${path}/cancel`))}>
                  Cancel this run
                </Action>
              </div>
            )}
            <h2>Steps</h2>
            <ol class="steps">
              {run.steps.map((step) => (
                <li key={step.id}>
                  <Step step={step} resume={(data) => resume(step.id, data)} />
                </li>
              ))}
            </ol>
            {run.output !== undefined && (
              <section>
                <h2>Result</h2>
                <Value value={run.output} label="The run's result" />
              </section>
            )}
          </>
        )}
      </When>
    </>
  );
}

function Step({ step, resume }: { step: StepView; resume: (data: Record<string, unknown>) => Promise<unknown> }) {
  const waits = step.status === "suspended";
  return (
    <>
      <div class="title-row">
        <h3>{step.title ?? step.id}</h3>
        <Status is={step.status === "pending" ? "not_started" : step.status} />
      </div>
      {step.executions?.map((execution) => (
        <p key={execution} class="row-note">
          <a href={`/executions?id=${encodeURIComponent(execution)}`}>{execution}</a>
        </p>
      ))}
      {step.error && <p class="notice bad">{step.error.message}</p>}
      {step.message !== undefined && <blockquote>{step.message}</blockquote>}
      {waits && step.by === "agent" && <p class="calm">It waits for an agent to answer.</p>}
      {waits && step.by !== "agent" && (
        <div class="card">
          <SchemaForm schema={step.resumeSchema ?? {}} button="Answer and go on" submit={resume} />
        </div>
      )}
      {step.withheld !== undefined && <p class="row-note">To see more: {step.withheld}</p>}
      {step.output !== undefined && (
        <details>
          <summary>Output</summary>
          <Value value={step.output} label={`The output of ${step.title ?? step.id}`} />
        </details>
      )}
    </>
  );
}

/** A text as it is, what has named parts part by part, anything else as JSON. */
function Value({ value, label }: { value: unknown; label: string }) {
  const parts = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return (
    <div class="output" tabIndex={0} role="group" aria-label={label}>
      {parts.length === 0 ? (
        <pre>{asText(value)}</pre>
      ) : (
        <dl class="parts">
          {parts.map(([name, part]) => (
            <div key={name}>
              <dt>{name.replaceAll(/[_-]/g, " ")}</dt>
              <dd>
                <pre>{asText(part)}</pre>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function asText(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
