import { useState } from "preact/hooks";
import { useList } from "../loading.js";
import { Choice } from "../parts/form.js";
import { Rows } from "../parts/list.js";
import { Empty } from "../parts/states.js";
import { usePlace } from "../place.js";
import type { ExecutionState, ExecutionView } from "../types.js";
import { Execution } from "./execution.js";
import { ExecutionRow } from "./execution-row.js";

const STATES: readonly (readonly [ExecutionState | "", string])[] = [
  ["", "All"],
  ["queued", "Queued"],
  ["running", "Running"],
  ["awaiting_agent", "Waiting for their agent"],
  ["completed", "Completed"],
  ["failed", "Failed"],
  ["cancelled", "Cancelled"],
];

/** Every run of a skill, or one of them as it goes. */
export function Executions() {
  const { query } = usePlace();
  const id = query.get("id");
  return id === null ? <All /> : <Execution key={id} id={id} />;
}

function All() {
  const [status, setStatus] = useState("");
  const list = useList<ExecutionView>("/api/v1/executions", { status }, ["execution-state"]);
  return (
    <>
      <h1>Executions</h1>
      <p class="lead">Each time a skill ran: by whom, how it ended, what it cost. The list moves as they do.</p>
      <div class="filters">
        <Choice label="Show" value={status} set={setStatus} options={STATES} />
      </div>
      <Rows
        list={list}
        label="Executions"
        idOf={({ id }) => id}
        empty={
          status === "" ? (
            <Empty title="Nothing has run yet">
              <p>
                Run a skill from <a href="/library">your library</a>, or have an agent run one over MCP.
              </p>
            </Empty>
          ) : (
            <Empty title="None in this state">
              <p>Choose another state above.</p>
            </Empty>
          )
        }
      >
        {(execution) => <ExecutionRow execution={execution} />}
      </Rows>
    </>
  );
}
