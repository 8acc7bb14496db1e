import { AppError, notFound } from "../core/errors.js";
import { invalidCursor, type Page, pageByName, type PageInput } from "../core/page.js";
import type { InstalledSkill } from "../core/shapes/skill.js";
import { createIfAbsent, takeOnce } from "../store/atomic.js";
import type { Store } from "../store/port.js";
import type { Events } from "./events.js";
import { type Marketplace, matches, summaryOf } from "./marketplace/marketplace.js";
import type { Pack } from "./marketplace/pack.js";

interface InstallRecord {
  readonly slug: string;
  readonly installedAt: number;
}

/** The skills that a workspace has installed. */
export interface Skills {
  page(workspace: number, input: PageInput & { readonly search?: string | undefined }): Promise<Page<InstalledSkill>>;
  /** Installs a skill of the marketplace; one that is installed already stays as it is. */
  install(workspace: number, slug: string): Promise<InstalledSkill>;
  uninstall(workspace: number, slug: string): Promise<{ slug: string; uninstalled: true }>;
  /** The pack of an installed skill; throws `NOT_FOUND` or `SKILL_NOT_INSTALLED`. */
  requireInstalled(workspace: number, slug: string): Promise<Pack>;
  /** The pack of an installed skill; undefined where it is not installed. */
  find(workspace: number, slug: string): Promise<Pack | undefined>;
  /** Every installed pack, by slug. */
  packs(workspace: number): Promise<Pack[]>;
}

/** More skills than any workspace installs; a bound on what one page reads. */
const MOST = 10_000;

/** The skill service. A pack that is no longer in the marketplace is not listed and comes back with its folder. */
export function createSkills(options: {
  store: Store;
  marketplace: Marketplace;
  events: Events;
  now: () => number;
}): Skills {
  const { store, marketplace, events, now } = options;
  const collection = (workspace: number) => `skills:${workspace}`;
  /** Slugs that were ever installed, by workspace: as cursors they outlive the installation and the pack. */
  const listed = (workspace: number) => `listed-skills:${workspace}`;

  const installed = async (workspace: number): Promise<{ pack: Pack; record: InstallRecord }[]> => {
    const page = await store.page<InstallRecord>(collection(workspace), { direction: "ascending", limit: MOST });
    return page.rows.flatMap(({ value }) => {
      const pack = marketplace.pack(value.slug);
      return pack ? [{ pack, record: value }] : [];
    });
  };
  const changed = (workspace: number) => events.publish(workspace, { type: "skills-changed", data: {} });

  return {
    async page(workspace, { search, ...input }) {
      const cursor = input.after_id ?? input.before_id;
      const all = await installed(workspace);
      if (cursor !== undefined && !marketplace.pack(cursor) && !(await store.get(listed(workspace), cursor))) {
        throw invalidCursor(cursor);
      }
      const found = search === undefined ? all : all.filter(({ pack }) => matches(pack, search));
      return pageByName(
        found.map(({ pack, record }) => viewOf(pack, record)),
        (skill) => skill.slug,
        input,
      );
    },

    async install(workspace, slug) {
      const pack = requirePack(marketplace, slug);
      const record: InstallRecord = { slug, installedAt: now() };
      await createIfAbsent(store, { collection: listed(workspace), id: slug, value: {} });
      if (await createIfAbsent(store, { collection: collection(workspace), id: slug, value: record, order: slug })) {
        await changed(workspace);
        return viewOf(pack, record);
      }
      const found = await store.get<InstallRecord>(collection(workspace), slug);
      return viewOf(pack, found?.value ?? record);
    },

    async uninstall(workspace, slug) {
      if (!(await takeOnce<InstallRecord>(store, collection(workspace), slug))) {
        requirePack(marketplace, slug);
        throw notInstalled(slug);
      }
      await changed(workspace);
      return { slug, uninstalled: true };
    },

    async requireInstalled(workspace, slug) {
      const pack = requirePack(marketplace, slug);
      if (!(await store.get(collection(workspace), slug))) throw notInstalled(slug);
      return pack;
    },

    async find(workspace, slug) {
      const pack = marketplace.pack(slug);
      return pack && (await store.get(collection(workspace), slug)) ? pack : undefined;
    },

    packs: async (workspace) => (await installed(workspace)).map(({ pack }) => pack),
  };
}

function requirePack(marketplace: Marketplace, slug: string): Pack {
  const pack = marketplace.pack(slug);
  if (!pack) throw notFound("skill", slug, "browse-marketplace");
  return pack;
}

function notInstalled(slug: string): AppError {
  return new AppError("SKILL_NOT_INSTALLED", `The skill ${slug} is not installed here; call install-skill first.`);
}

const viewOf = (pack: Pack, record: InstallRecord): InstalledSkill => ({
  ...summaryOf(pack),
  installed_at: new Date(record.installedAt).toISOString(),
});
