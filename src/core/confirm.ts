import { needFrom, type Reply } from "./asking.js";
import { AppError } from "./errors.js";
import type { Stage } from "./invoke.js";

/** When a destructive call asks the person first; see the setting CLANKER_CONFIRM. */
export type ConfirmPolicy = "auto" | "always" | "never";

/** Longest part of the arguments that a question shows, in characters. */
const SHOWN = 300;

/** Lets a destructive call of an agent go on only when the person agrees, as far as the policy and the client have it. */
export function confirm<Services>(policy: ConfirmPolicy): Stage<Services> {
  return async (call, next) => {
    const operation = call.entry?.operation;
    if (!operation) throw new Error("no stage has found the operation yet");
    const { effect } = call.standing ?? operation;
    if (effect !== "destroy" || policy === "never" || call.caller.face === "rest") return next();
    const message = `${operation.title} (${operation.name}) with ${shown(call.input)}. This cannot be undone. Go on?`;
    const { action } = await needFrom(call.ask)({ key: "confirm", message });
    if (action !== "accept" && !(action === "unasked" && policy === "auto")) throw refusal(action);
    return next();
  };
}

function refusal(action: Exclude<Reply["action"], "accept">): AppError {
  if (action === "unasked") {
    return new AppError(
      "CONFIRMATION_REQUIRED",
      "This server does nothing destructive without asking the user, and this client cannot be asked: use a client" +
        " with elicitation, or have the operator set CLANKER_CONFIRM=auto.",
    );
  }
  const said = action === "decline" ? "declined" : "did not answer";
  return new AppError("DECLINED", `The user ${said}, so nothing was changed; do not try again unless they ask for it.`);
}

/** The arguments on one line, without what a terminal or a form would act on. */
function shown(input: unknown): string {
  const text = JSON.stringify(input ?? {}).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
