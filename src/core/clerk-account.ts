import type { Caller } from "./caller.js";
import { AppError, quote, toAppError } from "./errors.js";

/**
 * The caller with the Clerk account that a request names; as it came where none is named. Throws
 * `INVALID_INPUT` for an account that does not exist, `ACCESS_DENIED` where the key is bound to another.
 */
export type ChooseClerkAccount = (caller: Caller, name: string | undefined) => Caller;

/** The choice among the accounts that `requireAccount` does not refuse. */
export function clerkAccountChoice(requireAccount: (name: string) => void): ChooseClerkAccount {
  return (caller, name) => {
    // Names are told to those who may work with them only.
    if (name === undefined || name === caller.clerkAccount || caller.kind === "anonymous") return caller;
    if (caller.clerkAccount !== undefined) {
      throw new AppError(
        "ACCESS_DENIED",
        `This key is bound to another Clerk account than ${quote(name)}; leave the choice out, or use another key.`,
      );
    }
    try {
      requireAccount(name);
    } catch (thrown) {
      throw new AppError("INVALID_INPUT", toAppError(thrown).message);
    }
    return { ...caller, clerkAccount: name };
  };
}
