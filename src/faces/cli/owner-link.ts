import type { AuditTrail } from "../../core/audit-trail.js";
import { AppError, quote } from "../../core/errors.js";
import { formatId, parseId } from "../../core/ids.js";
import type { People } from "../../services/people/people.js";
import type { SignIns } from "../../services/people/sign-ins.js";
import { typed, typedBy } from "./typed.js";

/** Prints a link that signs the owner, or another person by id, in to the pages, once. */
export async function ownerLink(
  commands: {
    readonly signIns: SignIns;
    readonly people: People;
    /** Whether other processes see what this one writes. */
    readonly isShared: boolean;
    /** Whether a server is known to be where the link leads. */
    readonly isServing: boolean;
    readonly audit: AuditTrail;
    readonly owner: { readonly person: number; readonly workspace: number };
    readonly print: (line: string) => void;
  },
  { person }: { readonly person?: string },
): Promise<void> {
  const { signIns, people, isShared, isServing, audit, owner, print } = commands;
  if (!isShared) {
    throw new AppError(
      "INVALID_INPUT",
      "CLANKER_STORE is memory:, which no other process sees; name the server's store.",
    );
  }
  const number = person === undefined ? owner.person : parseId("person", person);
  if (number === undefined)
    throw new AppError("INVALID_INPUT", `--person takes an id such as usr_2, not ${quote(person ?? "")}.`);
  if (!(await people.find(number)))
    throw new AppError(
      "NOT_FOUND",
      `There is no person ${quote(person ?? "")} here; --person takes an id such as usr_2.`,
    );
  const deed = {
    caller: typedBy(owner.person, owner.workspace),
    operation: "owner-link",
    action: "session.link",
    resource: "session",
    resourceId: formatId("person", number),
    effect: "write",
  } as const;
  const { url, expires_at: until } = await typed(audit, deed, () => signIns.linkFor(number));
  print(url);
  print(`It signs in once, until ${until}.`);
  if (!isServing)
    print(
      "No server of this CLANKER_HOME answers now: start it there first, or set CLANKER_PUBLIC_URL to where it is.",
    );
}
