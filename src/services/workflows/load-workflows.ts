import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { quote } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { whyUnreadable } from "../unreadable.js";
import { type Definition, type Misfit, readDefinition } from "./definition.js";
import { compileWorkflow, type Workflow } from "./workflow.js";
import { lineOf, NotYaml, readYaml, type YamlFile } from "./yaml-file.js";
import type { World } from "./world.js";

/** Where workflows come from: each `.yaml` file of each folder, earlier folders first. */
export interface WorkflowSources {
  readonly folders: readonly string[];
  readonly world: World;
  readonly log: Log;
}

const MAX_BYTES = 256 * 1024;

/**
 * The workflows of all folders, by id. A file that is none is left out with a warning that names the file, the line
 * and the reason, as are a folder that cannot be read and an id that an earlier folder has; nothing of it throws.
 */
export async function loadWorkflows({ folders, world, log }: WorkflowSources): Promise<Workflow[]> {
  const found = new Map<string, Workflow>();
  const leaveOut = (file: string, reason: string, line?: number) => {
    const place = line === undefined ? file : `${file}:${line}`;
    log.warn({ file, ...(line !== undefined && { line }), reason }, `Workflow ${place} left out: ${reason}`);
  };
  const listed = new Set<string>();
  for (const folder of folders) {
    let real: string;
    let names: string[];
    try {
      real = await realpath(folder);
      names = (await readdir(real)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
    } catch (thrown) {
      const reason = whyUnreadable(thrown);
      log.warn({ folder, reason }, `Folder of workflows ${quote(folder)} left out: ${reason}`);
      continue;
    }
    if (listed.has(real)) continue;
    listed.add(real);
    for (const name of names) {
      const file = join(real, name);
      try {
        const workflow = await readWorkflow(file, world);
        const { id } = workflow.definition;
        if (found.has(id)) leaveOut(file, `there is a workflow ${id} already`);
        else found.set(id, workflow);
      } catch (thrown) {
        if (thrown instanceof BadWorkflow) for (const { reason, line } of thrown.problems) leaveOut(file, reason, line);
        else leaveOut(file, whyUnreadable(thrown));
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.definition.id < b.definition.id ? -1 : 1));
}

/** A file that is no workflow: everything that is wrong with it, each with its line. */
class BadWorkflow extends Error {
  constructor(readonly problems: readonly { readonly reason: string; readonly line: number }[]) {
    super("no workflow");
  }
}

async function readWorkflow(file: string, world: World): Promise<Workflow> {
  const yaml = readFileAsYaml(await textOf(file));
  const definition = fitting(readDefinition(yaml.value), yaml);
  const slug = basename(file).replace(/\.ya?ml$/, "");
  if (definition.id !== slug)
    throw new BadWorkflow([{ reason: `its id must be the file's name, ${quote(slug)}`, line: lineOf(yaml, ["id"]) }]);
  return fitting(compileWorkflow(definition, world), yaml);
}

async function textOf(file: string): Promise<string> {
  const found = await stat(file);
  // A FIFO would be read for ever.
  if (!found.isFile()) throw new Error("it is no plain file");
  if (found.size > MAX_BYTES) throw new Error("it is larger than 256 KiB");
  return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
}

function readFileAsYaml(text: string): YamlFile {
  try {
    return readYaml(text);
  } catch (thrown) {
    if (thrown instanceof NotYaml) throw new BadWorkflow([{ reason: thrown.message, line: thrown.line }]);
    throw thrown;
  }
}

function fitting<T extends Definition | Workflow>(read: T | readonly Misfit[], yaml: YamlFile): T {
  if (!isMisfits(read)) return read;
  throw new BadWorkflow(
    read.map(({ path, reason }) => ({
      reason: path.length === 0 ? reason : `${path.map(String).join(".")}: ${reason}`,
      line: lineOf(yaml, path),
    })),
  );
}

function isMisfits<T>(read: T | readonly Misfit[]): read is readonly Misfit[] {
  return Array.isArray(read);
}
