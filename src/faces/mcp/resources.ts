import type {
  ListResourcesResult,
  ListResourceTemplatesResult,
  ReadResourceResult,
} from "@modelcontextprotocol/sdk/types.js";
import { allows, type Caller } from "../../core/caller.js";
import { AppError, notFound } from "../../core/errors.js";
import type { Page } from "../../core/page.js";
import { hasToolset } from "../../core/surface.js";
import { seesSkills } from "./prompts.js";

interface ArtifactInfo {
  readonly id: string;
  readonly name: string;
  readonly mime_type: string;
  /** Bytes. */
  readonly size: number;
}

/** Where resources come from: a workspace's memory and its artifacts. */
export interface ResourcePort {
  memory(workspace: number): Promise<{ readonly content: string }>;
  artifacts(
    workspace: number,
    page: { readonly limit: number; readonly after_id?: string },
  ): Promise<Page<ArtifactInfo>>;
  /** Throws `NOT_FOUND`. */
  artifact(workspace: number, id: string): Promise<{ readonly artifact: ArtifactInfo; readonly content: Uint8Array }>;
}

/** The address of the workspace's memory. */
export const MEMORY_URI = "clanker://memory";
const ARTIFACT_PREFIX = "clanker://artifacts/";
const MEMORY_SCOPE = "memory:read";
const ARTIFACT_SCOPE = "workspace:files:read";
const PAGE = 100;

/** The address of an artifact. */
export const artifactUri = (id: string): string => `${ARTIFACT_PREFIX}${id}`;

const hasMemory = ({ surface }: Caller): boolean => hasToolset(surface, "memory");
const hasArtifacts = ({ surface }: Caller): boolean => hasToolset(surface, "artifacts");

/** Whether this caller may see the memory. */
export const seesMemory = (caller: Caller): boolean => hasMemory(caller) && allows(caller.scopes, MEMORY_SCOPE);
/** Whether this caller may see artifacts. */
export const seesArtifacts = (caller: Caller): boolean => hasArtifacts(caller) && allows(caller.scopes, ARTIFACT_SCOPE);

const MEMORY = {
  uri: MEMORY_URI,
  name: "memory",
  title: "Memory",
  description: "What the agents of this workspace wrote down for the next one.",
  mimeType: "text/markdown",
};

/** The memory first, then the artifacts, newest first; the cursor is that of the artifacts' page. */
export async function listResources(
  port: ResourcePort,
  caller: Caller,
  cursor: string | undefined,
): Promise<ListResourcesResult> {
  const memory = cursor === undefined && seesMemory(caller) ? [MEMORY] : [];
  if (!seesArtifacts(caller)) return { resources: memory };
  const page = await port.artifacts(caller.workspace, {
    limit: PAGE,
    ...(cursor !== undefined && { after_id: cursor }),
  });
  const artifacts = page.data.map(({ id, name, mime_type, size }) => ({
    uri: artifactUri(id),
    name,
    mimeType: mime_type,
    size,
  }));
  return {
    resources: [...memory, ...artifacts],
    ...(page.has_more && page.last_id !== null && { nextCursor: page.last_id }),
  };
}

const ARTIFACT_TEMPLATE = {
  uriTemplate: `${ARTIFACT_PREFIX}{id}`,
  name: "artifact",
  title: "Artifact",
  description: "A file that a skill made, by its id such as art_7.",
};

const SKILL_FILE_TEMPLATE = {
  uriTemplate: "skill://{+path}",
  name: "skill-file",
  title: "Skill file",
  description: "A file of an installed skill, such as summarize/SKILL.md.",
};

/** The templates of the addresses of artifacts and of skills' files, for those who may see them. */
export function listTemplates(caller: Caller): ListResourceTemplatesResult {
  return {
    resourceTemplates: [
      ...(seesArtifacts(caller) ? [ARTIFACT_TEMPLATE] : []),
      ...(seesSkills(caller) ? [SKILL_FILE_TEMPLATE] : []),
    ],
  };
}

/** The content behind an address: text as text, other bytes as base64. Throws `NOT_FOUND` or `PERMISSION_REQUIRED`. */
export async function readResource(port: ResourcePort, caller: Caller, uri: string): Promise<ReadResourceResult> {
  requireReadable(caller, uri);
  if (uri === MEMORY_URI) {
    const { content } = await port.memory(caller.workspace);
    return { contents: [{ uri, mimeType: MEMORY.mimeType, text: content }] };
  }
  const { artifact, content } = await port.artifact(caller.workspace, artifactIdOf(uri));
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const body = isText(artifact.mime_type) ? { text: bytes.toString("utf8") } : { blob: bytes.toString("base64") };
  return { contents: [{ uri, mimeType: artifact.mime_type, ...body }] };
}

/** Throws unless this caller could read the address, should it exist. */
export function requireReadable(caller: Caller, uri: string): void {
  if (!(uri === MEMORY_URI ? hasMemory(caller) : hasArtifacts(caller)))
    throw notFound("resource", uri, "resources/list");
  if (uri === MEMORY_URI) return requireScope(seesMemory(caller), MEMORY_SCOPE);
  artifactIdOf(uri);
  requireScope(seesArtifacts(caller), ARTIFACT_SCOPE);
}

function artifactIdOf(uri: string): string {
  const id = uri.startsWith(ARTIFACT_PREFIX) ? uri.slice(ARTIFACT_PREFIX.length) : "";
  if (!/^[a-z]+_\d{1,15}$/.test(id)) throw notFound("resource", uri, "resources/list");
  return id;
}

function requireScope(allowed: boolean, scope: string): void {
  if (allowed) return;
  throw new AppError(
    "PERMISSION_REQUIRED",
    `This resource needs the scope ${scope}; ask the owner for a key with it.`,
    {
      details: { scope },
    },
  );
}

function isText(mimeType: string): boolean {
  return /^(text\/|application\/(.*\+)?(json|xml|yaml|javascript)\b|image\/svg\+xml)/.test(mimeType);
}
