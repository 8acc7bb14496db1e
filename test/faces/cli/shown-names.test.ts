import { expect, it } from "vitest";
import { createKey, type KeyCommands, listKeys, revokeKey } from "../../../src/faces/cli/keys.js";
import { importWorkspace } from "../../../src/faces/cli/workspace.js";
import { openWhole } from "../../services/portability/bench.js";

/** Turns the line around, and begins a command of the terminal. */
const HOSTILE = "evil\u202Egpj.exe\u009B31mred";
const SHOWN = '"evil⟨U+202E⟩gpj.exe⟨U+009B⟩31mred"';

it("P45: what a terminal shows of a name is text, and nothing that acts on the terminal", async () => {
  const { services, portability } = await openWhole();
  const { keys, workspaces, audit } = services;
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const owner = { workspace: 1, person: 1 };
  const commands: KeyCommands = { keys, workspaces, audit, requireClerkAccount: () => undefined, owner, print };

  await createKey(commands, { name: HOSTILE });
  await listKeys(commands, {});
  await revokeKey(commands, "key_1", {});
  const numbers = { execution: null, artifact: null, run: null, transaction: null };
  const head = { format: "clanker-workspace", version: 1, exported_at: "", created_at: "", name: HOSTILE, slug: "w" };
  const document = [
    { ...head, numbers },
    { kind: "end", lines: 2 },
  ];
  const stdin = (async function* () {
    for (const line of document) yield `${JSON.stringify(line)}\n`;
  })();
  await importWorkspace({ portability, workspaces, owner, stdin, print: async (line) => print(line) });

  expect(lines.filter((line) => line.includes("evil"))).toHaveLength(4);
  for (const line of lines.filter((one) => one.includes("evil"))) expect(line).toContain(SHOWN);
});
