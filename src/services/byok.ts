import { AppError } from "../core/errors.js";
import type { ByokStatus } from "../core/shapes/secret.js";
import { untilCommitted } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import type { Vault } from "../vault/vault.js";

interface KeyRecord {
  readonly sealed: string;
  readonly last4: string;
}

/** Asks Anthropic whether it takes the key: `INVALID_INPUT` where it does not, `UPSTREAM_FAILED` where nobody knows. */
export type CheckAnthropicKey = (key: string, signal: AbortSignal) => Promise<void>;

/** Workspaces' own Anthropic keys, which run their skills at no cost. */
export interface Byok {
  status(workspace: number): Promise<ByokStatus>;
  /** Keeps the key once Anthropic takes it; else what was there stays. */
  set(workspace: number, key: string, signal: AbortSignal): Promise<ByokStatus>;
  remove(workspace: number): Promise<ByokStatus>;
  /** The key itself, for a call of the model; throws `MODEL_NOT_CONFIGURED` where there is none any more. */
  key(workspace: number): Promise<string>;
}

const KEYS = (workspace: number) => `byok:${workspace}`;
const ANTHROPIC = "anthropic";
const SEALED_FOR = `byok:${ANTHROPIC}`;

/** Where the sealed keys are, for a workspace's new data key. */
export const sealedByok = (workspace: number) => ({
  collection: KEYS(workspace),
  field: "sealed",
  recordId: () => SEALED_FOR,
});

/** The service of workspaces' own keys, each sealed for its workspace. */
export function createByok(options: { store: Store; vault: Vault; check: CheckAnthropicKey }): Byok {
  const { store, vault, check } = options;
  const find = (workspace: number) => store.get<KeyRecord>(KEYS(workspace), ANTHROPIC);
  return {
    async status(workspace) {
      const found = await find(workspace);
      return found ? { configured: true, last4: found.value.last4 } : { configured: false };
    },

    async set(workspace, key, signal) {
      await check(key, signal);
      signal.throwIfAborted();
      const value: KeyRecord = { sealed: await vault.seal(workspace, SEALED_FOR, key), last4: key.slice(-4) };
      const place = { collection: KEYS(workspace), id: ANTHROPIC, value };
      return untilCommitted(async () => {
        const found = await find(workspace);
        const held = await store.commit([
          found
            ? { kind: "replace", ...place, version: found.version }
            : { kind: "insert", ...place, order: ANTHROPIC },
        ]);
        return held ? { result: { configured: true, last4: value.last4 } } : undefined;
      });
    },

    async remove(workspace) {
      await store.commit([{ kind: "remove", collection: KEYS(workspace), id: ANTHROPIC }]);
      return { configured: false };
    },

    async key(workspace) {
      const found = await find(workspace);
      if (found) return vault.open(workspace, SEALED_FOR, found.value.sealed);
      throw new AppError(
        "MODEL_NOT_CONFIGURED",
        "The workspace's Anthropic key, which this was started on, was removed; set one with set-byok-key and run it again.",
      );
    },
  };
}
