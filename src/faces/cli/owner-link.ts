import { AppError, quote } from "../../core/errors.js";
import { parseId } from "../../core/ids.js";
import type { SignIns } from "../../services/sign-ins.js";

/** Prints a link that signs the owner, or another person by id, in to the pages, once. */
export async function ownerLink(
  commands: {
    readonly signIns: SignIns;
    readonly owner: { readonly person: number };
    readonly print: (line: string) => void;
  },
  { person }: { readonly person?: string },
): Promise<void> {
  const { signIns, owner, print } = commands;
  const number = person === undefined ? owner.person : parseId("person", person);
  if (number === undefined)
    throw new AppError("INVALID_INPUT", `--person takes an id such as usr_2, not ${quote(person ?? "")}.`);
  const { url, expires_at: until } = await signIns.linkFor(number);
  print(url);
  print(`It signs in once, until ${until}.`);
}
