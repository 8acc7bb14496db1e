import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { App } from "./compose.js";
import { type Config, ConfigError } from "./config.js";
import type { Log } from "./core/log.js";
import { typed, typedBy } from "./faces/cli/typed.js";
import { chosenWorkspace } from "./faces/cli/workspace-choice.js";
import { sealedPlaces } from "./sealed-places.js";
import { OWNER } from "./services/workspaces.js";
import { openStore } from "./store/open.js";
import { loadKeyFile, replaceKeyFile } from "./vault/key-file.js";
import { isMasterKeyOf, rotateMasterKey } from "./vault/master-key.js";
import { rotateDataKey } from "./vault/rotate-data-key.js";

type Print = (line: string) => void;

/** `clanker-mcp secrets rotate`: a new data key for a workspace, the first one where none is named. */
export async function rotateSecrets(
  { store, vault, services }: Pick<App, "store" | "vault" | "services">,
  id: string | undefined,
  print: Print,
): Promise<void> {
  const workspace = await chosenWorkspace(services.workspaces, id, OWNER.workspace);
  const deed = {
    caller: typedBy(OWNER.person, workspace),
    operation: "secrets-rotate",
    action: "secret.rotate",
    resource: "secret",
    effect: "write",
  } as const;
  const { renewed, unreadable } = await typed(services.audit, deed, () =>
    rotateDataKey({ store, vault }, workspace, sealedPlaces(workspace)),
  );
  print(`ws_${workspace} has a new data key; ${renewed} sealed values were sealed anew, the old key is gone.`);
  if (unreadable > 0) print(`${unreadable} values cannot be read: what is stored was changed. Set them again.`);
}

const MASTER_KEY = /^[A-Za-z0-9+/]{43}=$/;

/**
 * `clanker-mcp master-key rotate`: a new master key, the given one or one that is made. Where the key is kept in a file,
 * the new one lies beside it until the store has it: called again after an interruption, this finishes.
 */
export async function rotateMaster(config: Config, log: Log, print: Print): Promise<void> {
  const { CLANKER_MASTER_KEY: setting, CLANKER_NEW_MASTER_KEY: given } = config;
  if (setting !== undefined && given === undefined) {
    throw new ConfigError(
      "CLANKER_NEW_MASTER_KEY must be set where CLANKER_MASTER_KEY is: to 32 random bytes in base64, such as the output of: openssl rand -base64 32.",
    );
  }
  const file = join(config.CLANKER_HOME, "master.key");
  const draft = `${file}.new`;
  const make = () => given ?? randomBytes(32).toString("base64");
  const before = setting ?? (await loadKeyFile(file, make, MASTER_KEY)).value;
  const after = setting === undefined ? (await loadKeyFile(draft, make, MASTER_KEY)).value : given;
  if (after === undefined || (given !== undefined && given !== after)) {
    throw new ConfigError(
      `${draft} holds another key than CLANKER_NEW_MASTER_KEY: unset that to finish with the file's.`,
    );
  }
  const store = await openStore(config.CLANKER_STORE, log);
  try {
    const [oldKey, newKey] = [Buffer.from(before, "base64"), Buffer.from(after, "base64")];
    if (await isMasterKeyOf(store, newKey)) print("The store has the new master key already.");
    else print(`${await rotateMasterKey(store, oldKey, newKey)} data keys are wrapped with the new master key.`);
  } finally {
    await store.close();
  }
  if (setting === undefined) {
    await replaceKeyFile(file, draft);
    print(`${file} holds the new key. Start every process of this store anew.`);
  } else print("Set CLANKER_MASTER_KEY to the new key for every process of this store, and start them anew.");
}
