import { z } from "zod";

/** Prefixes of resource ids; `exec art sec key` are the Clanker document's own. */
export const PREFIXES = {
  execution: "exec",
  artifact: "art",
  secret: "sec",
  key: "key",
  workspace: "ws",
  person: "usr",
  transaction: "txn",
  run: "run",
  consent: "con",
  invitation: "inv",
  log: "log",
} as const;

export type ResourceKind = keyof typeof PREFIXES;

/** `exec_42` from 42. */
export function formatId(kind: ResourceKind, number: number): string {
  return `${PREFIXES[kind]}_${number}`;
}

/** 42 from `exec_42` or `42`; undefined when it is no id of that kind. */
export function parseId(kind: ResourceKind, id: string): number | undefined {
  const match = /^(?:([a-z]+)_)?([1-9][0-9]{0,14})$/.exec(id);
  if (!match || (match[1] !== undefined && match[1] !== PREFIXES[kind])) return undefined;
  return Number(match[2]);
}

/** An id argument: text such as `exec_42` or `42`; a bare number is taken too. */
export function idInput(kind: ResourceKind, description?: string) {
  const text = z.string().min(1).max(64);
  return z.preprocess(
    (value) => (typeof value === "number" ? String(value) : value),
    text.describe(description ?? `${PREFIXES[kind]}_…`),
  );
}
