import type {
  RESOURCES_DIRECTORY_READ_METHOD,
  SKILLS_EXTENSION_ID,
  SKILLS_GET_METHOD,
  SKILLS_LIST_METHOD,
} from "@modelcontextprotocol/server/ext/skills";
import { isUtf8 } from "node:buffer";
import type { Caller } from "../../core/caller.js";
import { AppError, notFound, quote } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { seesSkills } from "./prompts.js";
import { RPC, RpcError } from "./rpc-error.js";
import { byUri, createSkillCatalogue, type ServedSkill, type SkillPack } from "./skill-catalogue.js";

/** Where the files of skills come from: what is installed in a workspace. */
export interface SkillFilesPort {
  installed(workspace: number): Promise<readonly SkillPack[]>;
  /** Undefined for a skill that is not installed. */
  find(workspace: number, slug: string): Promise<SkillPack | undefined>;
}

/** The extension's methods, each for one caller. */
export interface SkillsExtension {
  list(caller: Caller, cursor: string | undefined): Promise<object>;
  get(caller: Caller, uri: string): Promise<object>;
  readDirectory(caller: Caller, uri: string, cursor: string | undefined): Promise<object>;
  /** `resources/read` of a skill's file; throws `NOT_FOUND`. */
  readFile(caller: Caller, uri: string): Promise<object>;
}

// The types hold these to the library's own names, without loading it at the start.
const EXTENSION_ID: typeof SKILLS_EXTENSION_ID = "io.modelcontextprotocol/skills";

/** The names of the extension's methods. */
export const SKILL_METHODS: {
  readonly list: typeof SKILLS_LIST_METHOD;
  readonly get: typeof SKILLS_GET_METHOD;
  readonly readDirectory: typeof RESOURCES_DIRECTORY_READ_METHOD;
} = { list: "skills/list", get: "skills/get", readDirectory: "resources/directory/read" };

/** Methods beyond the protocol's own. */
export const EXTENSION_METHODS: readonly string[] = Object.values(SKILL_METHODS);

/** What is told of them. */
export const EXTENSION_CAPABILITIES = { [EXTENSION_ID]: { directoryRead: true } };

const PAGE = 100;
const UNCACHED = { ttlMs: 0, cacheScope: "private" } as const;

/** Whether an address is one of a skill's file or directory. */
export const isSkillUri = (uri: string): boolean => uri.startsWith("skill://");

/** The Skills extension over the skills that are installed where the caller is. */
export function createSkillsExtension(port: SkillFilesPort, log: Log): SkillsExtension {
  const catalogue = createSkillCatalogue(log);

  /** The skill that an address is of and the address as the URL standard writes it, without dots and detours. */
  async function locate(caller: Caller, given: string): Promise<{ skill?: ServedSkill | undefined; uri: string }> {
    if (!seesSkills(caller) || !isSkillUri(given) || !URL.canParse(given)) return { uri: given };
    const { host, href } = new URL(given);
    const pack = await port.find(caller.workspace, host);
    return { skill: pack && (await catalogue.of(pack)), uri: href };
  }

  return {
    async list(caller, cursor) {
      const packs = seesSkills(caller) ? await port.installed(caller.workspace) : [];
      const served = await Promise.all(packs.map((pack) => catalogue.of(pack)));
      const entries = served.flatMap((skill) => (skill ? [skill.entry] : [])).sort(byUri);
      const { rows, ...more } = pageOf(entries, cursor, "skill://", caller);
      return { skills: rows, ...more, ...UNCACHED };
    },

    async get(caller, given) {
      const { skill, uri } = await locate(caller, given);
      if (skill?.entry.uri !== uri) throw unknown(notFound("skill", given, SKILL_METHODS.list), caller);
      return { skill: skill.entry, ...UNCACHED };
    },

    async readDirectory(caller, given, cursor) {
      const { skill, uri } = await locate(caller, given);
      const children = skill?.directories.get(uri);
      if (!children) {
        const advice = "a skill's own directory is the address of its SKILL.md without /SKILL.md";
        throw unknown(new AppError("NOT_FOUND", `There is no directory ${quote(given)} here; ${advice}.`), caller);
      }
      const { rows, ...more } = pageOf(children, cursor, `${uri}/`, caller);
      return { resources: rows, ...more, ...UNCACHED };
    },

    async readFile(caller, given) {
      const { skill, uri } = await locate(caller, given);
      const file = skill?.files.get(uri);
      if (!file) {
        if (!skill?.directories.has(uri)) throw notFound("resource", given, SKILL_METHODS.list);
        throw new AppError("NOT_FOUND", `${quote(given)} is a directory; ${SKILL_METHODS.readDirectory} lists it.`);
      }
      const bytes = Buffer.from(file.content.buffer, file.content.byteOffset, file.content.byteLength);
      // What goes out as text must come back as the same bytes, or a client's check of the digest fails.
      const body = isUtf8(bytes) ? { text: bytes.toString("utf8") } : { blob: bytes.toString("base64") };
      return { contents: [{ uri, mimeType: file.mimeType, ...body }] };
    },
  };
}

function unknown({ message, code }: AppError, { requestId }: Caller): RpcError {
  return new RpcError(RPC.invalidParams, message, requestId, code);
}

/** One page of rows that are sorted by their address; the cursor is the last one's. */
function pageOf<Row extends { readonly uri: string }>(
  rows: readonly Row[],
  cursor: string | undefined,
  under: string,
  { requestId }: Caller,
): { rows: Row[]; nextCursor?: string } {
  if (cursor !== undefined && !cursor.startsWith(under)) {
    const message = `${quote(cursor)} is no cursor of this list; use the nextCursor of a page, or leave it out.`;
    throw new RpcError(RPC.invalidParams, message, requestId, "INVALID_CURSOR");
  }
  const left = cursor === undefined ? rows : rows.filter(({ uri }) => uri > cursor);
  const page = left.slice(0, PAGE);
  const last = page.at(-1);
  return { rows: page, ...(last && left.length > PAGE && { nextCursor: last.uri }) };
}
