import { AppError } from "../core/errors.js";
import { formatId, parseId } from "../core/ids.js";
import type { Page, PageInput } from "../core/page.js";
import type { ArtifactView } from "../core/shapes/artifact.js";
import type { Change, Store } from "../store/port.js";
import type { Events } from "./events.js";
import { commitFresh, numberedRecords } from "./records.js";

interface ArtifactRecord {
  readonly name: string;
  readonly mimeType: string;
  /** Bytes. */
  readonly size: number;
  readonly execution: number;
  readonly createdAt: number;
}

export interface NewArtifact {
  readonly name: string;
  readonly mimeType: string;
  readonly content: Uint8Array;
}

/** Files that skills made, kept until somebody deletes them. */
export interface Artifacts {
  page(
    workspace: number,
    input: PageInput & { readonly execution_id?: string | undefined; readonly type?: string | undefined },
  ): Promise<Page<ArtifactView>>;
  get(workspace: number, id: string): Promise<ArtifactView>;
  content(workspace: number, id: string): Promise<{ artifact: ArtifactView; content: Uint8Array }>;
  /** What creates an artifact, to be committed with the block that names it. */
  creation(
    workspace: number,
    execution: number,
    file: NewArtifact,
  ): Promise<{ artifact: ArtifactView; changes: Change[] }>;
  remove(workspace: number, id: string): Promise<{ id: string; deleted: true }>;
}

/** Largest artifact, in bytes. */
const ARTIFACT_LIMIT = 8 * 1024 * 1024;

/** The artifact service; `isRunning` says whether an execution still writes, whose artifacts stay until it ends. */
export function createArtifacts(options: {
  store: Store;
  events: Events;
  isRunning: (workspace: number, execution: number) => Promise<boolean>;
  now: () => number;
}): Artifacts {
  const { store, events, now } = options;
  const contents = (workspace: number) => `artifact-content:${workspace}`;
  const records = numberedRecords<ArtifactRecord>(store, {
    kind: "artifact",
    called: "artifact",
    lister: "list-artifacts",
    tags: ({ execution, mimeType }) => [
      `execution:${execution}`,
      `type:${mimeType}`,
      `type:${mimeType.split("/", 1)[0]}`,
    ],
  });

  return {
    page(workspace, { execution_id, type, ...input }) {
      const tags = type === undefined ? [] : [`type:${type.toLowerCase()}`];
      if (execution_id !== undefined) {
        const execution = parseId("execution", execution_id);
        if (execution === undefined)
          throw new AppError("NOT_FOUND", "execution_id is no execution's id; list-executions shows those.");
        tags.unshift(`execution:${execution}`);
      }
      return records.page(workspace, input, tags, viewOf);
    },
    async get(workspace, id) {
      const found = await records.get(workspace, id);
      return viewOf(found.value, formatId("artifact", Number(found.id)));
    },
    async content(workspace, id) {
      const found = await records.get(workspace, id);
      const content = await store.get<string>(contents(workspace), found.id);
      if (!content) throw new AppError("NOT_FOUND", "The artifact was deleted meanwhile.");
      return {
        artifact: viewOf(found.value, formatId("artifact", Number(found.id))),
        content: Buffer.from(content.value, "base64"),
      };
    },
    async creation(workspace, execution, file) {
      if (file.content.byteLength > ARTIFACT_LIMIT) {
        throw new AppError(
          "PAYLOAD_TOO_LARGE",
          `An artifact holds ${ARTIFACT_LIMIT} bytes at most; make this one smaller or split it.`,
        );
      }
      const number = await records.next();
      const record: ArtifactRecord = {
        name: safeName(file.name, number),
        mimeType: safeMimeType(file.mimeType),
        size: file.content.byteLength,
        execution,
        createdAt: now(),
      };
      return {
        artifact: viewOf(record, formatId("artifact", number)),
        changes: [
          records.insert(workspace, number, record),
          {
            kind: "insert",
            collection: contents(workspace),
            id: String(number),
            value: Buffer.from(file.content).toString("base64"),
          },
        ],
      };
    },
    async remove(workspace, id) {
      const found = await records.get(workspace, id);
      if (await options.isRunning(workspace, found.value.execution)) {
        throw new AppError(
          "EXECUTION_RUNNING",
          "Its execution still runs; wait for its end or cancel it, then delete the artifact.",
        );
      }
      await commitFresh(store, [
        records.remove(workspace, found),
        { kind: "remove", collection: contents(workspace), id: found.id },
      ]);
      const answer = { id: formatId("artifact", Number(found.id)), deleted: true as const };
      await events.publish(workspace, { type: "artifact-deleted", data: { id: answer.id } });
      return answer;
    },
  };
}

/** Longest name in bytes: file systems take 255, and an id may go in front. */
const NAME_BYTES = 200;

/** A name that is one file name on every system: no path, no control characters, not empty, not too long. */
function safeName(name: string, number: number): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last.replaceAll(/[\p{C}\p{Zl}\p{Zp}<>:"|?*]/gu, "").replace(/^[.\s]+/, "");
  // Cut before the end is trimmed: a search for an end in a long text takes the square of its length.
  const { read } = new TextEncoder().encodeInto(clean, new Uint8Array(NAME_BYTES));
  return clean.slice(0, read).replace(/[.\s]+$/, "") || `artifact-${number}`;
}

function safeMimeType(mimeType: string): string {
  const type = mimeType.trim().toLowerCase().split(";", 1)[0] ?? "";
  return /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/.test(type)
    ? type
    : "application/octet-stream";
}

function viewOf(record: ArtifactRecord, id: string): ArtifactView {
  return {
    id,
    name: record.name,
    mime_type: record.mimeType,
    size: record.size,
    execution_id: formatId("execution", record.execution),
    created_at: new Date(record.createdAt).toISOString(),
  };
}
