import type { Content, Source } from "../../connectors/app.js";
import { AppError, quote } from "../../core/errors.js";
import { type Page, pageByName, type PageInput } from "../../core/page.js";
import { type Fenced, fenced } from "../../core/untrusted.js";
import type { Access } from "./access.js";

/** Something of an app that may go on. */
export interface Listed<T> extends Fenced<readonly T[]> {
  readonly has_more: boolean;
  /** Where to go on. */
  readonly next_cursor?: string;
}

/** A page of something of an app. */
export type FencedPage<T> = Fenced<T[]> & Omit<Page<T>, "data">;

type Branch = { readonly name: string; readonly commit?: string };

/** What lies in the apps. All of it comes from outside, and says so. */
export interface Listing {
  sources(
    workspace: number,
    input: { app: string; search?: string | undefined; cursor?: string | undefined; limit: number },
    signal: AbortSignal,
  ): Promise<Listed<Source>>;
  branches(
    workspace: number,
    input: PageInput & { app: string; source: string },
    signal: AbortSignal,
  ): Promise<FencedPage<Branch>>;
  content(
    workspace: number,
    input: { app: string; source: string; path?: string | undefined; ref?: string | undefined },
    signal: AbortSignal,
  ): Promise<Fenced<Content>>;
  /** GitHub's repositories by name; `truncated` where there are more than were looked at. */
  repositories(
    workspace: number,
    input: PageInput & { search?: string | undefined; visibility?: "public" | "private" | undefined },
    signal: AbortSignal,
  ): Promise<FencedPage<Source> & { truncated: boolean }>;
}

/** Most repositories that one call looks at. */
const MOST_REPOSITORIES = 2000;

export function createListing(access: Access): Listing {
  const open = (workspace: number, app: string, signal: AbortSignal) =>
    access.open(workspace, app, { read: true, signal });

  return {
    async sources(workspace, { app: slug, search, cursor, limit }, signal) {
      const { app, api, origin } = await open(workspace, slug, signal);
      const place = placeOf(cursor);
      const page = await app.sources({ search, cursor: place.cursor }, api);
      const data = page.data.slice(place.skip, place.skip + limit);
      const rest = place.skip + data.length < page.data.length;
      const next = rest
        ? asCursor({ ...place, skip: place.skip + data.length })
        : page.nextCursor !== undefined
          ? asCursor({ cursor: page.nextCursor, skip: 0 })
          : undefined;
      return {
        ...fenced(await origin(), data),
        has_more: next !== undefined,
        ...(next !== undefined && { next_cursor: next }),
      };
    },

    async branches(workspace, { app: slug, source, ...input }, signal) {
      const { app, api, origin } = await open(workspace, slug, signal);
      if (!app.branches) {
        throw new AppError(
          "INVALID_INPUT",
          `${app.title}'s sources have no branches; only GitHub's repositories have.`,
        );
      }
      const branches = await app.branches(source, api);
      const { data, ...page } = pageByName(sorted(branches, byName), byName, input);
      return { ...fenced(await origin(), data), ...page };
    },

    async content(workspace, { app: slug, ...input }, signal) {
      const { app, api, origin } = await open(workspace, slug, signal);
      const content = await app.content(input, api);
      return fenced(await origin(), content);
    },

    async repositories(workspace, { search, visibility, ...input }, signal) {
      const { app, api, origin } = await open(workspace, "github", signal);
      const found: Source[] = [];
      let cursor: string | undefined;
      do {
        const page = await app.sources({ search, cursor }, api);
        found.push(...page.data);
        cursor = page.nextCursor;
      } while (cursor !== undefined && found.length < MOST_REPOSITORIES);
      const wanted = found.filter(
        (row) => visibility === undefined || (row.private === true) === (visibility === "private"),
      );
      const { data, ...page } = pageByName(sorted(wanted, byId), byId, input);
      return { ...fenced(await origin(), data), ...page, truncated: cursor !== undefined };
    },
  };
}

const byName = ({ name }: Branch) => name;
const byId = ({ id }: Source) => id;

function sorted<T>(rows: readonly T[], nameOf: (row: T) => string): T[] {
  return [...rows].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

/** A place within one of the app's own pages. */
interface Place {
  readonly cursor: string | undefined;
  readonly skip: number;
}

function asCursor({ cursor, skip }: Place): string {
  return Buffer.from(JSON.stringify([skip, cursor ?? null])).toString("base64url");
}

function placeOf(text: string | undefined): Place {
  if (text === undefined) return { cursor: undefined, skip: 0 };
  try {
    const [skip, cursor] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    const isPlace = Number.isSafeInteger(skip) && (skip as number) >= 0;
    if (isPlace && (cursor === null || typeof cursor === "string")) {
      return { cursor: cursor ?? undefined, skip: skip as number };
    }
  } catch {
    // No cursor of ours: refused below.
  }
  throw new AppError("INVALID_CURSOR", `${quote(text)} is no cursor of this list; use next_cursor of the page before.`);
}
