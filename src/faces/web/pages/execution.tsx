import { useState } from "preact/hooks";
import { useList, useLive, useLoad } from "../loading.js";
import { Action } from "../parts/action.js";
import { When } from "../parts/states.js";
import { creditsInWords, durationInWords, sizeInWords, Status } from "../parts/text.js";
import { go } from "../place.js";
import { useAround } from "../session.js";
import type { ArtifactView, ExecutionStatus, OutputBlock } from "../types.js";

const FINAL = ["completed", "failed", "cancelled"];

/** One execution, its output as it comes. */
export function Execution({ id }: { id: string }) {
  const { api } = useAround();
  const path = `/api/v1/executions/${encodeURIComponent(id)}`;
  const { loaded, reload, set } = useLoad(id, (asked) => asked.get<ExecutionStatus>(`${path}/status`));
  const artifacts = useList<ArtifactView>("/api/v1/artifacts", { execution_id: id }, [
    "artifact-created",
    "artifact-deleted",
  ]);
  useLive(["execution-state"], ({ type, data }) => {
    if (type === "anything") return void reload();
    if (data["executionId"] !== id || loaded.state !== "ready") return;
    const news = data as unknown as ExecutionStatus;
    set({ ...loaded.value, ...news, id, outputBlocks: joined(loaded.value.outputBlocks, news.outputBlocks) });
  });
  const [again, setAgain] = useState<string>();
  const rerun = async () => {
    const { executionId } = await api.send<{ executionId: string }>("POST", `${path}/rerun`);
    setAgain(executionId);
    go(`/executions?id=${encodeURIComponent(executionId)}`);
  };
  return (
    <>
      <p class="crumb">
        <a href="/executions">Executions</a>
      </p>
      <When loaded={loaded} reload={reload}>
        {({ skillName, status, cost, executionTime, error, outputBlocks }) => (
          <>
            <div class="title-row">
              <h1>{skillName}</h1>
              <Status is={status} />
            </div>
            <dl class="facts">
              <div>
                <dt>Id</dt>
                <dd>{id}</dd>
              </div>
              <div>
                <dt>Time</dt>
                <dd>{durationInWords(executionTime)}</dd>
              </div>
              <div>
                <dt>Cost</dt>
                <dd>{creditsInWords(cost)}</dd>
              </div>
            </dl>
            <div class="buttons">
              {!FINAL.includes(status) && (
                <Action tone="danger" run={async () => (await api.send("POST", `${path}/cancel`), reload())}>
                  Cancel this execution
                </Action>
              )}
              {FINAL.includes(status) && again === undefined && <Action run={rerun}>Run it again</Action>}
            </div>
            {error && (
              <div class="notice bad">
                <p>{error.message}</p>
                <p class="row-note">{error.code}</p>
              </div>
            )}
            <section aria-label="Output">
              <h2>Output</h2>
              <Output blocks={outputBlocks} status={status} />
            </section>
          </>
        )}
      </When>
      {artifacts.loaded.state === "ready" && artifacts.loaded.value.rows.length > 0 && (
        <section>
          <h2>Files</h2>
          <ul class="rows">
            {artifacts.loaded.value.rows.map((artifact) => (
              <li key={artifact.id}>
                <a class="row" href={`/artifacts?id=${encodeURIComponent(artifact.id)}`}>
                  <span class="row-main">
                    <strong>{artifact.name}</strong>
                  </span>
                  <span class="row-side">{sizeInWords(artifact.size)}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function joined(before: readonly OutputBlock[], news: readonly OutputBlock[] = []): OutputBlock[] {
  const known = new Set(before.map(({ index }) => index));
  return [...before, ...news.filter(({ index }) => !known.has(index))].sort((one, other) => one.index - other.index);
}

function Output({ blocks, status }: { blocks: readonly OutputBlock[]; status: string }) {
  const waits =
    status === "awaiting_agent"
      ? "The agent that started this does the work itself; its result appears here."
      : "The first output appears here as soon as it is there.";
  if (blocks.length === 0) return <p class="calm">{FINAL.includes(status) ? "It ended without output." : waits}</p>;
  return (
    <div class="output" aria-live="polite" tabIndex={0} role="log" aria-label="Output, block by block">
      {passages(blocks).map((passage) => (
        <Passage key={passage[0]?.index} blocks={passage} />
      ))}
    </div>
  );
}

/** Blocks that belong together: a text comes in pieces that end anywhere. */
function passages(blocks: readonly OutputBlock[]): OutputBlock[][] {
  const all: OutputBlock[][] = [];
  for (const block of blocks) {
    const last = all.at(-1);
    if (block.type === "text" && last?.[0]?.type === "text") last.push(block);
    else all.push([block]);
  }
  return all;
}

function Passage({ blocks }: { blocks: readonly OutputBlock[] }) {
  const [first] = blocks;
  if (first?.type === "file") {
    return (
      <p class="block file">
        File:{" "}
        <a href={`/artifacts?id=${encodeURIComponent(first.artifact_id ?? "")}`}>{first.name ?? first.artifact_id}</a>
      </p>
    );
  }
  return (
    <div class={`block ${first?.type}`}>
      {first?.type === "tool" && <p class="row-note">{first.name ?? "tool"}</p>}
      <pre>
        {blocks.map(({ index, text }) => (
          <span key={index}>{text}</span>
        ))}
      </pre>
    </div>
  );
}
