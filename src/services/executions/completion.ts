import { AppError } from "../../core/errors.js";
import type { NewArtifact } from "../artifacts.js";
import type { Pack } from "../marketplace/pack.js";
import { renderTemplate } from "../marketplace/render-template.js";
import type { NewBlock } from "./journal.js";

/**
 * What an agent's result becomes: its text, its files, and the artifact that the skill's template makes of
 * it. An agent that brings files of its own need not give the template's parameters. Throws `INVALID_INPUT`
 * where it gives neither, so that it can mend its result.
 */
export function completion(
  pack: Pack | undefined,
  output: string,
  artifacts: readonly NewArtifact[],
): { block: NewBlock; file?: NewArtifact }[] {
  const files = artifacts.length > 0 || !pack ? artifacts : renderedFrom(pack, output);
  return [
    ...(output === "" ? [] : [{ block: { type: "text" as const, text: output } }]),
    ...files.map((file) => ({ block: { type: "file" as const }, file })),
  ];
}

/** The artifact of a skill that ships a template, made from the answer's parameters. */
export function rendered(pack: Pack, answer: string): NewArtifact | undefined {
  const file = renderTemplate(pack, answer);
  return file && { name: file.name, mimeType: file.mimeType, content: Buffer.from(file.content) };
}

function renderedFrom(pack: Pack, output: string): NewArtifact[] {
  try {
    const file = rendered(pack, output);
    return file ? [file] : [];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const message = `${thrown.message} Mend the output and call complete-execution again.`;
    throw new AppError("INVALID_INPUT", message, thrown.details ? { details: thrown.details } : {});
  }
}
