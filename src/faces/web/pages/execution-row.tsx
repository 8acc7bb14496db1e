import { creditsInWords, durationInWords, Status, Time } from "../parts/text.js";
import type { ExecutionView } from "../types.js";

/** One execution in a list. */
export function ExecutionRow({ execution }: { execution: ExecutionView }) {
  const { id, skillName, status, created_at, executionTime, cost, interface: from } = execution;
  return (
    <a class="row" href={`/executions?id=${encodeURIComponent(id)}`}>
      <span class="row-main">
        <strong>{skillName}</strong>
        <span class="row-note">
          {id} · by {from}
          {cost > 0 && ` · ${creditsInWords(cost)}`}
        </span>
      </span>
      <span class="row-side">
        <Status is={status} />
        <span class="row-note">
          <Time at={created_at} />
          {executionTime > 0 && ` · ${durationInWords(executionTime)}`}
        </span>
      </span>
    </a>
  );
}
