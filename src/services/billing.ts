import { AppError } from "../core/errors.js";
import { formatId } from "../core/ids.js";
import type { Page, PageInput } from "../core/page.js";
import type { Change, Store } from "../store/port.js";
import { numberedRecords } from "./records.js";

interface Account {
  /** In dollarinos; null is unlimited. */
  readonly balance: number | null;
}

interface TransactionRecord {
  readonly type: "grant" | "debit";
  readonly amount: number;
  readonly balance: number | null;
  readonly execution?: number;
  readonly createdAt: number;
}

export interface Transaction {
  readonly id: string;
  readonly type: "grant" | "debit";
  /** Dollarinos: negative for a debit. */
  readonly amount: number;
  readonly balance_after: number | null;
  readonly execution_id?: string;
  readonly created_at: string;
}

export interface Balance {
  readonly balance: number | null;
  readonly unlimited: boolean;
  readonly unit: "dollarino";
  readonly tier: "self-hosted";
}

/** Credits of a workspace: what is left, what was spent on what. */
export interface Billing {
  balance(workspace: number): Promise<Balance>;
  transactions(workspace: number, input: PageInput): Promise<Page<Transaction>>;
  /** Throws `INSUFFICIENT_CREDITS` when nothing is left to spend. */
  requireCredits(workspace: number): Promise<void>;
  /** What opens a new workspace's account, to be committed with it. */
  openingChanges(workspace: number): Promise<Change[]>;
  /**
   * What debits an execution's cost, to be committed together with the execution's end so that both happen
   * once or not at all; the balance stops at 0. Empty for a cost of 0.
   */
  debitChanges(workspace: number, execution: number, cost: number): Promise<Change[]>;
}

/** Dollarinos for a number of tokens: 1 for each started 1,000. */
export const costOf = (tokens: number): number => Math.ceil(tokens / 1000);

const ACCOUNTS = "accounts";

/** The billing service; `credits` is a new workspace's balance, undefined for unlimited. */
export function createBilling(options: { store: Store; credits: number | undefined; now: () => number }): Billing {
  const { store, credits, now } = options;
  const records = numberedRecords<TransactionRecord>(store, {
    kind: "transaction",
    called: "transaction",
    lister: "list-transactions",
  });
  const account = (workspace: number) => store.get<Account>(ACCOUNTS, String(workspace));

  return {
    async balance(workspace) {
      const balance = (await account(workspace))?.value.balance ?? null;
      return { balance, unlimited: balance === null, unit: "dollarino", tier: "self-hosted" };
    },
    transactions: (workspace, input) => records.page(workspace, input, [], viewOf),
    async requireCredits(workspace) {
      if ((await account(workspace))?.value.balance !== 0) return;
      throw new AppError(
        "INSUFFICIENT_CREDITS",
        "This workspace has no dollarinos left, so no model was called; ask the owner of the server for more.",
      );
    },
    async openingChanges(workspace) {
      const balance = credits ?? null;
      const open: Change = { kind: "insert", collection: ACCOUNTS, id: String(workspace), value: { balance } };
      if (balance === null || balance === 0) return [open];
      const grant: TransactionRecord = { type: "grant", amount: balance, balance, createdAt: now() };
      return [open, records.insert(workspace, await records.next(), grant)];
    },
    async debitChanges(workspace, execution, cost) {
      if (cost === 0) return [];
      const found = await account(workspace);
      const before = found?.value.balance ?? null;
      const amount = before === null ? cost : Math.min(cost, before);
      const balance = before === null ? null : before - amount;
      const entry: TransactionRecord = { type: "debit", amount: -amount, balance, execution, createdAt: now() };
      const insert = records.insert(workspace, await records.next(), entry);
      if (!found || before === null) return [insert];
      const { id, version } = found;
      return [{ kind: "replace", collection: ACCOUNTS, id, version, value: { balance } }, insert];
    },
  };
}

function viewOf(record: TransactionRecord, id: string): Transaction {
  return {
    id,
    type: record.type,
    amount: record.amount,
    balance_after: record.balance,
    ...(record.execution !== undefined && { execution_id: formatId("execution", record.execution) }),
    created_at: new Date(record.createdAt).toISOString(),
  };
}
