import { z } from "zod";
import { pageInput, pageOf } from "../../src/core/page.js";
import { balanceView, tier, transactionView } from "../../src/core/shapes/billing.js";
import { define } from "../define.js";

export const billing = [
  define({
    tool: "get-credit-balance",
    route: { method: "GET", path: "/api/v1/billing/balance" },
    toolset: "billing",
    title: "Get the credit balance",
    description: "Dollarinos that are left to run skills; balance is null where they are unlimited.",
    effect: "read",
    scope: "billing:read",
    input: z.strictObject({}),
    output: balanceView,
    errors: [],
    run: (_input, { services, caller }) => services.billing.balance(caller.workspace),
  }),
  define({
    tool: "list-transactions",
    route: { method: "GET", path: "/api/v1/billing/transactions" },
    toolset: "billing",
    title: "List transactions",
    description: "What was credited and what each run cost, newest first.",
    effect: "read",
    scope: "billing:read",
    input: z.strictObject(pageInput),
    output: pageOf(transactionView),
    errors: ["INVALID_CURSOR"],
    run: (input, { services, caller }) => services.billing.transactions(caller.workspace, input),
  }),
  define({
    tool: "get-subscription-tier",
    route: { method: "GET", path: "/api/v1/billing/subscription/tier" },
    toolset: "billing",
    title: "Get the subscription tier",
    description: "The workspace's tier and whether its credits are limited.",
    effect: "read",
    scope: "billing:read",
    input: z.strictObject({}),
    output: z.object({ tier, unlimited: z.boolean() }),
    errors: [],
    async run(_input, { services, caller }) {
      const balance = await services.billing.balance(caller.workspace);
      return { tier: balance.tier, unlimited: balance.unlimited };
    },
  }),
];
