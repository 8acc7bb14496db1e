import { parse } from "yaml";
import { z } from "zod";
import { CATEGORIES } from "../../core/shapes/skill.js";
import { parameterList } from "./parameters.js";

/** Why a pack cannot be loaded, on one line, for the log. */
export class BrokenPack extends Error {
  override readonly name = "BrokenPack";
}

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, "must be one line");

/** `api.example.com`, with a port or `http://` in front where that is meant, as the origin that requests go to. */
const httpOrigin = z
  .string()
  .regex(/^(https?:\/\/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$/i, "takes host names, without wildcards")
  .transform((host, context) => {
    const url = host.includes("://") ? host : `https://${host}`;
    if (URL.canParse(url)) return new URL(url).origin;
    context.addIssue({ code: "custom", message: "takes host names, without wildcards" });
    return z.NEVER;
  });

const schema = z.object({
  name: line(64),
  title: line(128).optional(),
  description: z.string().trim().min(1).max(1024),
  category: z.enum(CATEGORIES),
  version: line(64).default("1.0.0"),
  license: line(256).default("unknown"),
  source: z.url({ protocol: /^https$/ }).optional(),
  parameters: parameterList.default([]),
  secrets: z.array(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, "takes names of environment variables")).default([]),
  http: z.array(httpOrigin).max(20).default([]),
  memory: z.boolean().default(true),
  artifact: z
    .object({
      template: z.string().min(1),
      name: z.string().regex(/^[^./\\\p{C}][^/\\\p{C}]{0,127}$/u, "takes a file name without a folder"),
      mime_type: z.string().regex(/^[a-z]+\/[a-z0-9.+-]{1,100}$/, "takes a media type"),
    })
    .optional(),
});

/** What the front matter of a SKILL.md says, defaults filled in. */
export type FrontMatter = z.output<typeof schema>;

/** Splits a SKILL.md into its front matter and its instructions; throws {@link BrokenPack} where it has neither. */
export function parseSkill(text: string): { readonly front: FrontMatter; readonly instructions: string } {
  const match = /^---[ \t]*\r?\n(?:([^]*?)\r?\n)?---[ \t]*(?:\r?\n|$)/.exec(text);
  if (!match) throw new BrokenPack("SKILL.md does not start with front matter between two lines of ---");
  const parsed = schema.safeParse(readYaml(match[1] ?? ""));
  if (!parsed.success) throw new BrokenPack(`front matter: ${parsed.error.issues.map(sentence).join("; ")}`);
  const instructions = text.slice(match[0].length).trim();
  if (instructions === "") throw new BrokenPack("SKILL.md has no instructions after its front matter");
  return { front: parsed.data, instructions };
}

const MAX_FRONT_MATTER = 64 * 1024;

function readYaml(text: string): unknown {
  if (text.length > MAX_FRONT_MATTER) throw new BrokenPack("front matter is longer than 64 KiB");
  try {
    return parse(text, { version: "1.2", schema: "core", merge: false, logLevel: "error" });
  } catch (cause) {
    throw new BrokenPack(`front matter is no YAML: ${firstLine(cause)}`, { cause });
  }
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n", 1)[0] ?? "";
}

function sentence(issue: z.core.$ZodIssue): string {
  return `${issue.path.join(".") || "it"}: ${issue.message}`;
}
