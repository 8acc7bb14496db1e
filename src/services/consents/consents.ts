import { allows } from "../../core/caller.js";
import type { Page, PageInput } from "../../core/page.js";
import type { ConsentStatus, ConsentView } from "../../core/shapes/consent.js";
import type { Store } from "../../store/port.js";
import { canonicalCode } from "../codes.js";
import type { Events } from "../events.js";
import { ask, type Asker, type Wish } from "./asking.js";
import { type ConsentPoll, poll } from "./collecting.js";
import { type Approval, approve, type Decider, deny } from "./deciding.js";
import { openDesk } from "./record.js";

/** Requests of agents for scopes, and what people say to them. */
export interface Consents {
  /** The request, or undefined where the key has all of it for good. The same request again is the same one. */
  ask(caller: Asker, wish: Wish): Promise<ConsentView | undefined>;
  /** By the key that asked; the token comes once. Throws `NOT_FOUND`. */
  poll(caller: Asker, id: string): Promise<ConsentPoll>;
  /** Those that a person may decide on, newest first. */
  page(
    decider: Decider,
    input: PageInput & { readonly link_code?: string | undefined; readonly status?: ConsentStatus | undefined },
  ): Promise<Page<ConsentView>>;
  /** Throws `CONFIRMATION_REQUIRED` where something sensitive is granted for good and the person was asked once. */
  approve(decider: Decider, id: string, approval: Approval): Promise<ConsentView>;
  deny(decider: Decider, id: string): Promise<ConsentView>;
}

/** The consents of a store. */
export function createConsents(options: {
  readonly store: Store;
  readonly events: Events;
  readonly now: () => number;
}): Consents {
  const desk = openDesk(options);
  const { records, statusOf, viewOf } = desk;
  return {
    ask: (caller, wish) => ask(desk, caller, wish),
    poll: (caller, id) => poll(desk, caller, id),
    approve: (decider, id, approval) => approve(desk, decider, id, approval),
    deny: (decider, id) => deny(desk, decider, id),
    async page(decider, { link_code: code, status, ...input }) {
      const { workspace, person, scopes } = decider;
      const tags = [
        ...(allows(scopes, "owner") ? [] : [`person:${person}`]),
        ...(code === undefined ? [] : [`code:${canonicalCode(code)}`]),
        ...(status === undefined ? [] : [`status:${status === "expired" ? "pending" : status}`]),
      ];
      const page = await records.page(workspace, input, tags, (value, id) => ({ value, id }));
      const rows = page.data.filter(({ value }) => status === undefined || statusOf(value) === status);
      return { ...page, data: await Promise.all(rows.map(({ value, id }) => viewOf(workspace, value, id))) };
    },
  };
}
