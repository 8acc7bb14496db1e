import type { AuditTrail, Deed } from "../../core/audit-trail.js";
import type { Caller } from "../../core/caller.js";
import { AppError } from "../../core/errors.js";
import { parseId } from "../../core/ids.js";
import { LONGEST_KEY_LIFE } from "../../core/shapes/key.js";
import { visible } from "../../core/visible.js";
import type { KeyView } from "../../services/keys/key-record.js";
import type { Keys } from "../../services/keys/keys.js";
import type { Workspaces } from "../../services/workspaces.js";
import { typed, typedBy } from "./typed.js";
import { chosenWorkspace } from "./workspace-choice.js";

/** What the `keys` commands work with; `print` writes a line to the person. */
export interface KeyCommands {
  readonly keys: Keys;
  readonly workspaces: Workspaces;
  /** Has an entry of what is made and revoked. */
  readonly audit: AuditTrail;
  /** Throws for a Clerk account that does not exist. */
  readonly requireClerkAccount: (name: string) => void;
  /** Who the commands act for, and in which workspace where none is named. */
  readonly owner: { readonly workspace: number; readonly person: number };
  readonly print: (line: string) => void;
}

export interface CreateOptions {
  readonly name: string;
  /** Comma-separated; left out, the read-only scopes. */
  readonly scopes?: string;
  readonly workspace?: string;
  /** How long the key lives, such as `30d`. */
  readonly expires?: string;
  /** The one Clerk account that the key works with. */
  readonly clerkAccount?: string;
}

/** Makes a key and prints it, this once. */
export async function createKey(commands: KeyCommands, options: CreateOptions): Promise<void> {
  const { keys, print, requireClerkAccount } = commands;
  const { clerkAccount } = options;
  const caller = await callerOf(commands, options);
  const deed = { caller, operation: "create-workspace-key", action: "key.create", effect: "write" } as const;
  const made = await written(commands, deed, async () => {
    const name = options.name.trim();
    if (name === "" || name.length > 100) throw new AppError("INVALID_INPUT", "--name takes 1 to 100 characters.");
    if (clerkAccount !== undefined) requireClerkAccount(clerkAccount);
    return keys.create(caller.workspace, caller.person, {
      name,
      ...(options.scopes !== undefined && { scopes: options.scopes.split(",").map((scope) => scope.trim()) }),
      ...(options.expires !== undefined && { expiresIn: seconds(options.expires) }),
      ...(clerkAccount !== undefined && { clerkAccount }),
    });
  });
  print(made.key);
  print(`${made.id} ${named(made)}: ${made.scopes.join(" ")}; ${lifeOf(made)}${bindingOf(made)}.`);
  print("This is the only time the key is shown.");
}

/** Prints every key of a workspace, newest first, without the keys themselves. */
export async function listKeys(commands: KeyCommands, options: { readonly workspace?: string }): Promise<void> {
  const { keys, print } = commands;
  const workspace = await workspaceOf(commands, options.workspace);
  let after: string | undefined;
  let found = 0;
  for (;;) {
    const page = await keys.page(workspace, { limit: 100, after_id: after });
    for (const key of page.data) {
      print(
        [
          key.id,
          `${key.prefix}...${key.last_four}`,
          named(key),
          `${lifeOf(key)}${bindingOf(key)}`,
          key.scopes.join(" "),
        ].join("  "),
      );
    }
    found += page.data.length;
    if (!page.has_more || page.last_id === null) break;
    after = page.last_id;
  }
  if (found === 0) print("There are no keys but the owner's; make one with: clanker-mcp keys create --name <name>");
}

/** Stops a key for good. */
export async function revokeKey(
  commands: KeyCommands,
  id: string,
  options: { readonly workspace?: string },
): Promise<void> {
  const caller = await callerOf(commands, options);
  const resourceId = parseId("key", id) === undefined ? undefined : id;
  const deed = {
    caller,
    operation: "revoke-workspace-key",
    action: "key.revoke",
    resourceId,
    effect: "destroy",
  } as const;
  const key = await written(commands, deed, () => commands.keys.revoke(caller.workspace, id));
  commands.print(`${key.id} ${named(key)} is revoked.`);
}

/** Who types: the owner, in the workspace that is named. */
async function callerOf(
  commands: KeyCommands,
  options: { readonly workspace?: string; readonly clerkAccount?: string },
): Promise<Caller> {
  const { clerkAccount } = options;
  const caller = typedBy(commands.owner.person, await workspaceOf(commands, options.workspace));
  return { ...caller, ...(clerkAccount !== undefined && { clerkAccount }) };
}

/** Does what the operation of that name does over REST and MCP, with the same entry in the audit log. */
const written = <T>({ audit }: KeyCommands, deed: Omit<Deed, "resource">, run: () => Promise<T>): Promise<T> =>
  typed(audit, { ...deed, resource: "key" }, run);

const workspaceOf = ({ workspaces, owner }: KeyCommands, id: string | undefined): Promise<number> =>
  chosenWorkspace(workspaces, id, owner.workspace);

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function seconds(text: string): number {
  const [, count = "", unit = ""] = /^([1-9]\d{0,9})([smhd])$/.exec(text) ?? [];
  const time = Number(count) * (UNITS[unit] ?? 0);
  if (time > 0 && time <= LONGEST_KEY_LIFE) return time;
  throw new AppError("INVALID_INPUT", "--expires takes a time such as 90m, 12h or 30d, at most 36500d.");
}

/** A name as a terminal may show it: whoever made the key chose it. */
const named = ({ name }: KeyView): string => visible(JSON.stringify(name));

function lifeOf(key: KeyView): string {
  if (key.revoked_at !== undefined) return `revoked ${key.revoked_at}`;
  return key.expires_at === undefined ? "does not expire" : `expires ${key.expires_at}`;
}

function bindingOf({ clerk_account: account }: KeyView): string {
  return account === undefined ? "" : `, bound to the Clerk account ${account}`;
}
