import { z } from "zod";
import { clerkTool, dateOf, id, instant, paging, params } from "./define.js";

export const billing = [
  clerkTool({
    tool: "list_billing_plans",
    title: "List billing plans",
    description: "Lists the subscription plans on offer with their prices and features. Experimental at Clerk.",
    toolset: "billing",
    effect: "read",
    input: z.strictObject({ ...paging(), payer_type: z.enum(["org", "user"]).optional() }),
    call: (clerk, i) =>
      clerk.billing.getPlanList(params({ limit: i.limit, offset: i.offset, payerType: i.payer_type })),
  }),
  clerkTool({
    tool: "cancel_subscription_item",
    title: "Cancel subscription item",
    description:
      "Cancels one plan of a customer's subscription, at the end of the paid period or at once. Cannot be undone. Experimental at Clerk.",
    toolset: "billing",
    effect: "destroy",
    input: z.strictObject({
      subscription_item_id: id(),
      end_now: z.boolean().optional().describe("at once; the rest of the period is lost"),
    }),
    call: (clerk, i) => clerk.billing.cancelSubscriptionItem(i.subscription_item_id, params({ endNow: i.end_now })),
  }),
  clerkTool({
    tool: "extend_subscription_item_free_trial",
    title: "Extend subscription item free trial",
    description:
      "Moves the end of a free trial that is still running to a later date, at most 365 days on. Experimental at Clerk.",
    toolset: "billing",
    effect: "write",
    input: z.strictObject({ subscription_item_id: id(), extend_to: instant() }),
    call: (clerk, i) =>
      clerk.billing.extendSubscriptionItemFreeTrial(i.subscription_item_id, params({ extendTo: dateOf(i.extend_to) })),
  }),
  clerkTool({
    tool: "get_organization_billing_subscription",
    title: "Get organization billing subscription",
    description:
      "Shows what an organization subscribes to: plans, item ids, status, next payment. Experimental at Clerk.",
    toolset: "billing",
    effect: "read",
    input: z.strictObject({ organization_id: id() }),
    call: (clerk, i) => clerk.billing.getOrganizationBillingSubscription(i.organization_id),
  }),
  clerkTool({
    tool: "get_user_billing_subscription",
    title: "Get user billing subscription",
    description: "Shows what one person subscribes to: plans, item ids, status, next payment. Experimental at Clerk.",
    toolset: "billing",
    effect: "read",
    input: z.strictObject({ user_id: id() }),
    call: (clerk, i) => clerk.billing.getUserBillingSubscription(i.user_id),
  }),
];
