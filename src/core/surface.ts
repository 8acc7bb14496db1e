import { AppError, quote } from "./errors.js";
import type { Standing } from "./standing.js";

/** Which part of the catalogue somebody works with. */
export interface Surface {
  /** The only toolsets; undefined for all. */
  readonly toolsets: ReadonlySet<string> | undefined;
  /** Nothing but reads. */
  readonly readOnly: boolean;
  /** Lists three tools, behind which the others are searched and called. */
  readonly search: boolean;
}

/** Everything, each tool listed. */
export const WHOLE_SURFACE: Surface = { toolsets: undefined, readOnly: false, search: false };

/** A surface as settings, flags, headers or queries say it. */
export interface SurfaceWishes {
  readonly toolsets?: string | undefined;
  readonly readonly?: string | undefined;
  readonly surface?: string | undefined;
}

/** Reads wishes; a name that does not exist is `INVALID_INPUT` with the list of those that do. */
export function readSurface(wishes: SurfaceWishes, known: readonly string[]): Surface {
  return {
    toolsets: wishes.toolsets === undefined ? undefined : readToolsets(wishes.toolsets, known),
    readOnly: oneOf("readonly", wishes.readonly ?? "false", ["true", "false", "1", "0"]).match(/true|1/) !== null,
    search: oneOf("surface", wishes.surface ?? "all", ["all", "search"]) === "search",
  };
}

function readToolsets(text: string, known: readonly string[]): ReadonlySet<string> {
  const names = text.split(",").map((name) => name.trim());
  return new Set(
    names.flatMap((name) => {
      const found = known.filter((toolset) => toolset === name || (name === "clerk" && toolset.startsWith("clerk-")));
      if (found.length > 0) return found;
      throw new AppError(
        "INVALID_INPUT",
        `There is no toolset ${quote(name)}; those that exist are ${known.join(", ")}, and clerk for all of Clerk's.`,
      );
    }),
  );
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new AppError("INVALID_INPUT", `${name} takes ${allowed.join(", ")}, not ${quote(value)}.`);
}

/** The surface that satisfies both: a limit can be narrowed, never widened. */
export function narrowed(limit: Surface, wish: Surface): Surface {
  const { toolsets } = limit;
  return {
    toolsets:
      toolsets && wish.toolsets
        ? new Set([...wish.toolsets].filter((name) => toolsets.has(name)))
        : (toolsets ?? wish.toolsets),
    readOnly: limit.readOnly || wish.readOnly,
    search: limit.search || wish.search,
  };
}

/** A text that two surfaces share exactly where they are the same. */
export function surfaceKey({ toolsets, readOnly, search }: Surface): string {
  return `${toolsets ? [...toolsets].sort().join(",") : "*"} ${readOnly} ${search}`;
}

/** Whether a toolset is part of a surface; a caller without one has the whole. */
export function hasToolset(surface: Surface | undefined, toolset: string): boolean {
  return surface?.toolsets?.has(toolset) ?? true;
}

/** Whether an operation, or what a call of it stands for, is part of a surface. */
export function isOn(surface: Surface, operation: Pick<Standing, "effect" | "toolset" | "admits">): boolean {
  if (operation.admits) return true;
  if (surface.readOnly && operation.effect !== "read") return false;
  return hasToolset(surface, operation.toolset);
}
