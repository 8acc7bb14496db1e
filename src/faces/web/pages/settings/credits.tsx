import { useList, useLoad } from "../../loading.js";
import { Rows } from "../../parts/list.js";
import { Empty, When } from "../../parts/states.js";
import { Time } from "../../parts/text.js";
import type { Balance, Transaction } from "../../types.js";

/** What is left to spend, and what was spent. */
export function Credits() {
  const { loaded, reload } = useLoad("balance", (api) => api.get<Balance>("/api/v1/billing/balance"), [
    "execution-state",
  ]);
  const list = useList<Transaction>("/api/v1/billing/transactions", {}, ["execution-state"]);
  return (
    <section>
      <h2>Credits</h2>
      <When loaded={loaded} reload={reload}>
        {({ balance, unlimited, tier }) => (
          <p>
            {unlimited ? (
              <>Credits are not limited on this server ({tier}).</>
            ) : (
              <>
                <strong class="figure">{balance}</strong> credits left ({tier})
              </>
            )}
          </p>
        )}
      </When>
      <h3>Transactions</h3>
      <Rows
        list={list}
        label="Transactions"
        idOf={({ id }) => id}
        empty={
          <Empty title="Nothing was spent yet">
            <p>A run by the server’s model costs one for each started 1,000 tokens; a run by an agent costs nothing.</p>
          </Empty>
        }
      >
        {({ id, type, amount, balance_after, execution_id, created_at }) => (
          <div class="row">
            <span class="row-main">
              <strong>{type === "grant" ? `+${Math.abs(amount)}` : `−${Math.abs(amount)}`}</strong>
              <span class="row-note">
                {id}
                {execution_id !== undefined && (
                  <>
                    {" "}
                    · <a href={`/executions?id=${encodeURIComponent(execution_id)}`}>{execution_id}</a>
                  </>
                )}
              </span>
            </span>
            <span class="row-side row-note">
              <Time at={created_at} />
              {balance_after !== null && <span>{balance_after} left</span>}
            </span>
          </div>
        )}
      </Rows>
    </section>
  );
}
