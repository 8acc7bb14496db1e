import { describe, expect, it } from "vitest";
import { createKey, type KeyCommands, revokeKey } from "../../../src/faces/cli/keys.js";
import { OWNER } from "../../../src/services/workspaces.js";
import { openServices, refusal } from "../../support/services.js";

/** The `keys` commands over real services, what they print, and what the audit log of the workspace says of them. */
async function terminal() {
  const { services } = await openServices();
  const { keys, workspaces, audit, clerk } = services;
  const printed: string[] = [];
  const commands: KeyCommands = {
    keys,
    workspaces,
    audit,
    requireClerkAccount: (name) => clerk.requireAccount(name),
    owner: OWNER,
    print: (line) => void printed.push(line),
  };
  const entries = async () => (await audit.page(OWNER.workspace, { limit: 100 })).data;
  return { commands, printed, entries, audit };
}

const BY_THE_OWNER = {
  actor: { type: "local", person_id: "usr_1" },
  face: "cli",
  request_id: expect.stringMatching(/./) as string,
  resource_type: "key",
};

describe("a key that is made or revoked at the terminal", () => {
  it("P35: stands in the audit log with who did it, to which key and how it ended, as it does over REST", async () => {
    const { commands, printed, entries, audit } = await terminal();
    await createKey(commands, { name: "laptop", scopes: "memory:read" });
    await revokeKey(commands, "key_1", {});
    const both = await entries();
    expect(both).toMatchObject([
      { ...BY_THE_OWNER, operation: "revoke-workspace-key", action: "key.revoke", resource_id: "key_1", outcome: "ok" },
      { ...BY_THE_OWNER, operation: "create-workspace-key", action: "key.create", resource_id: "key_1", outcome: "ok" },
    ]);
    expect(both.map(({ metadata }) => metadata)).toEqual([
      { effect: "destroy", duration_ms: expect.any(Number) as number },
      { effect: "write", duration_ms: expect.any(Number) as number },
    ]);
    expect(JSON.stringify(both)).not.toContain(printed[0]);
    expect(await audit.verify(OWNER.workspace)).toMatchObject({ intact: true, entries: 2 });
  });

  it("stands there with the code of what it was refused for", async () => {
    const { commands, entries } = await terminal();
    await expect(revokeKey(commands, "key_9", {})).rejects.toEqual(refusal("NOT_FOUND"));
    await expect(createKey(commands, { name: "x", scopes: "memory:eat" })).rejects.toEqual(refusal("INVALID_INPUT"));
    expect(await entries()).toMatchObject([
      { ...BY_THE_OWNER, action: "key.create", outcome: "INVALID_INPUT" },
      { ...BY_THE_OWNER, action: "key.revoke", resource_id: "key_9", outcome: "NOT_FOUND" },
    ]);
  });
});
