import type { Caller } from "../../core/caller.js";
import type { Change } from "./change-hub.js";
import { seesSkills } from "./prompts.js";
import { artifactUri, MEMORY_URI, seesArtifacts, seesMemory } from "./resources.js";

/** What a client is told of a change. */
export type Told =
  { readonly kind: "prompts" } | { readonly kind: "resources" } | { readonly kind: "resource"; readonly uri: string };

/** What this caller may be told of a change, as far as its scopes and surface let it see what changed. */
export function toldOf({ type, data }: Change, caller: Caller): Told[] {
  if (type === "skills-changed" && seesSkills(caller)) return [{ kind: "prompts" }, { kind: "resources" }];
  if (type === "memory-updated" && seesMemory(caller)) return [{ kind: "resource", uri: MEMORY_URI }];
  if ((type === "artifact-created" || type === "artifact-deleted") && seesArtifacts(caller)) {
    const gone = type === "artifact-deleted" && typeof data["id"] === "string" ? artifactUri(data["id"]) : undefined;
    return [{ kind: "resources" }, ...(gone === undefined ? [] : [{ kind: "resource", uri: gone } as const])];
  }
  return [];
}
