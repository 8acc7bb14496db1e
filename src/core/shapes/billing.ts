import { z } from "zod";

/** What the operator of a server charges by; there is one. */
export const tier = z.literal("self-hosted");

/** What is left to spend. */
export const balanceView = z.object({
  balance: z.number().nullable(),
  unlimited: z.boolean(),
  unit: z.literal("dollarino"),
  tier,
});

export type BalanceView = z.output<typeof balanceView>;

/** Something that was credited or spent. */
export const transactionView = z.object({
  id: z.string(),
  type: z.enum(["grant", "debit"]),
  amount: z.number().describe("dollarinos; negative for a debit"),
  balance_after: z.number().nullable(),
  execution_id: z.string().optional(),
  created_at: z.string(),
});

export type TransactionView = z.output<typeof transactionView>;
