import { useList, useLoad } from "../loading.js";
import { Rows } from "../parts/list.js";
import { Empty, Failed, Loading, When } from "../parts/states.js";
import { CopyText } from "../parts/text.js";
import { useSession } from "../session.js";
import type { Balance, Consent, ExecutionView, Page, RunSummary } from "../types.js";
import { ExecutionRow } from "./execution-row.js";

/** What somebody sees at the server's own address who is not signed in. */
export function Welcome() {
  return (
    <div class="welcome">
      <h1>A workspace that people and their agents share</h1>
      <p class="lead">
        Agents find skills here, run them, and keep what came out. You see what they do, and decide what they may.
      </p>
      <p class="buttons">
        <a class="button strong" href="/skills">
          Browse the skills
        </a>
        <a class="button plain" href="/sign-in">
          Sign in
        </a>
      </p>
      <section class="card">
        <h2>Is this your server?</h2>
        <p>Ask for a sign-in link in the terminal that runs it, and open the link in this browser:</p>
        <CopyText text="clanker-mcp owner-link" label="The command" />
      </section>
      <section class="card">
        <h2>Are you an agent, or writing one?</h2>
        <p>
          <a href="/skill.md">/skill.md</a> tells how to work here, over MCP or plain HTTP.
        </p>
      </section>
    </div>
  );
}

/** What waits for the person, and what happened last. */
export function Home() {
  const { person, workspace } = useSession();
  const executions = useList<ExecutionView>("/api/v1/executions", {}, ["execution-state"]);
  const balance = useLoad("balance", (api) => api.get<Balance>("/api/v1/billing/balance"), ["execution-state"]);
  return (
    <>
      <h1>{workspace.name}</h1>
      <p class="lead">Hello, {person.name}. This is what waits for you, and what happened last.</p>
      <Waiting />
      <section>
        <h2>Latest executions</h2>
        <Rows
          list={{ ...executions, loaded: shortened(executions.loaded) }}
          label="Latest executions"
          idOf={({ id }) => id}
          empty={
            <Empty title="Nothing has run yet">
              <p>
                Install a skill from <a href="/skills">the marketplace</a>, then run it from{" "}
                <a href="/library">your library</a> or have an agent do it.
              </p>
            </Empty>
          }
        >
          {(execution) => <ExecutionRow execution={execution} />}
        </Rows>
        <p>
          <a href="/executions">All executions</a>
        </p>
      </section>
      <div class="columns">
        <section class="card">
          <h2>Credits</h2>
          <When loaded={balance.loaded} reload={balance.reload}>
            {({ balance: left, unlimited }) =>
              unlimited ? (
                <p>Not limited on this server.</p>
              ) : (
                <p>
                  <strong class="figure">{left}</strong> left to spend
                </p>
              )
            }
          </When>
        </section>
        <section class="card">
          <h2>Connect an agent</h2>
          <p>
            Give a client this address and a key from <a href="/settings?part=keys">the settings</a>, or run{" "}
            <code>clanker-mcp login</code> where it lives.
          </p>
          <CopyText text={`${location.origin}/mcp/`} label="The address for MCP clients" />
        </section>
      </div>
    </>
  );
}

const FEW = 6;

function shortened<T>(loaded: ReturnType<typeof useList<T>>["loaded"]): ReturnType<typeof useList<T>>["loaded"] {
  if (loaded.state !== "ready") return loaded;
  return { state: "ready", value: { rows: loaded.value.rows.slice(0, FEW), hasMore: false } };
}

function Waiting() {
  const consents = useLoad(
    "consents",
    (api) => api.get<Page<Consent>>("/api/v1/agents/consents", { status: "pending" }),
    ["consent-requested", "consent-decided"],
  );
  const runs = useLoad("paused", (api) => api.get<Page<RunSummary>>("/api/v1/workflows/runs", { status: "paused" }), [
    "workflow-state",
  ]);
  const asking = consents.loaded.state === "ready" ? consents.loaded.value.data : [];
  const paused = runs.loaded.state === "ready" ? runs.loaded.value.data : [];
  if (asking.length === 0 && paused.length === 0) {
    for (const { loaded, reload } of [consents, runs]) {
      if (loaded.state === "failed") return <Failed failure={loaded.failure} retry={reload} />;
      if (loaded.state === "loading") return <Loading />;
    }
    return <p class="calm">Nothing waits for you.</p>;
  }
  return (
    <section aria-label="Waits for you">
      <ul class="rows waiting">
        {asking.map((consent) => (
          <li key={consent.id}>
            <a class="row" href={`/approvals?code=${encodeURIComponent(consent.link_code)}`}>
              <span class="row-main">
                <strong>{consent.agent_display_name}</strong> asks for permission
              </span>
              <span class="row-side">{consent.link_code}</span>
            </a>
          </li>
        ))}
        {paused.map((run) => (
          <li key={run.id}>
            <a class="row" href={`/workflows?id=${encodeURIComponent(run.id)}`}>
              <span class="row-main">
                <strong>{run.title}</strong> waits for an answer
              </span>
              <span class="row-side">{run.waiting_for.join(", ")}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
