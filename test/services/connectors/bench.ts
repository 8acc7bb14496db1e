import { onTestFinished } from "vitest";
import { readConfig } from "../../../src/config.js";
import { wireConnectors } from "../../../src/connector-wiring.js";
import type { Store } from "../../../src/store/port.js";
import { openVault } from "../../../src/vault/vault.js";
import { type ProviderStandIn, startProviderStandIn } from "../../support/provider-stand-in.js";
import { memoryStore, MINE, recordingLog } from "../../support/services.js";

export const PUBLIC_URL = "https://clanker.example";
const never = new AbortController().signal;

/** A process of the program as far as connectors go, over a store that others may share. */
export async function openProcess(store: Store, settings: Readonly<Record<string, string>>, now = Date.now) {
  const { log, lines } = recordingLog();
  const vault = await openVault({ store, masterKey: Buffer.alloc(32, 7) });
  const wired = wireConnectors(readConfig(settings), { store, vault, publicUrl: () => PUBLIC_URL, log, now });
  onTestFinished(wired.close);
  return { ...wired, vault, lines };
}

/** A stand-in for Google that ends with the test. */
async function standIn(): Promise<ProviderStandIn> {
  const provider = await startProviderStandIn();
  onTestFinished(() => provider.stop());
  return provider;
}

/** A process with a stand-in for Google, and a way to connect Gmail. */
export async function connectorBench(options: { store?: Store; now?: () => number } = {}) {
  const store = options.store ?? memoryStore();
  const provider = await standIn();
  const process = await openProcess(store, provider.env, options.now);
  const { connectors } = process;

  /** What a browser does after the link was opened: the provider's page, then back. */
  const answerOf = async (state: string, slug = "gmail") => {
    const { location, browser } = await connectors.start(slug, state, undefined);
    return { state, code: provider.agree(new URL(location).searchParams), browser };
  };
  const connect = async (workspace: number = MINE, slug = "gmail") => {
    const { state } = await connectors.begin({ workspace, person: 1 }, slug);
    return connectors.finish(slug, await answerOf(state, slug), never);
  };
  const labels = (workspace: number = MINE, signal = never) =>
    connectors.sources(workspace, { app: "gmail", limit: 20 }, signal);
  return { ...process, store, provider, answerOf, connect, labels };
}
