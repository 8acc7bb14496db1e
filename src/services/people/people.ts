import { AppError } from "../../core/errors.js";
import { formatId } from "../../core/ids.js";
import { untilCommitted } from "../../store/atomic.js";
import type { Change, Store, Stored } from "../../store/port.js";

interface PersonRecord {
  readonly name: string;
  readonly email?: string;
  /** The workspace that is this person's own. */
  readonly personal: number;
  readonly createdAt: number;
}

/** A person as that person sees it; `version` changes with every edit. */
export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly created_at: string;
  readonly version: number;
}

/** What a person changes about their profile; `version` is the one it was read at. */
export interface ProfileChange {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly version?: number | undefined;
}

/** The people whom keys, sessions and memberships speak of. */
export interface People {
  find(person: number): Promise<PersonRecord | undefined>;
  /** Throws `NOT_FOUND`. */
  profile(person: number): Promise<Profile>;
  /** Throws `CONFLICT` where somebody else changed it since the version that is named. */
  change(person: number, change: ProfileChange): Promise<Profile>;
  /** The change that makes a person. */
  making(person: number, record: Omit<PersonRecord, "createdAt">): Change;
}

const COLLECTION = "people";

/** The people of a store. */
export function createPeople({ store, now }: { readonly store: Store; readonly now: () => number }): People {
  return {
    find: async (person) => (await store.get<PersonRecord>(COLLECTION, String(person)))?.value,
    async profile(person) {
      const found = await store.get<PersonRecord>(COLLECTION, String(person));
      if (!found) throw gone();
      return profileOf(found);
    },
    async change(person, { version, ...change }) {
      const id = String(person);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      return untilCommitted(async () => {
        const found = await store.get<PersonRecord>(COLLECTION, id);
        if (!found) throw gone();
        if (version !== undefined && version !== found.version) throw changedMeanwhile();
        const value: PersonRecord = { ...found.value, ...given };
        const held = await store.commit([
          { kind: "replace", collection: COLLECTION, id, version: found.version, value },
        ]);
        return held ? { result: profileOf({ id, value, version: found.version + 1 }) } : undefined;
      });
    },
    making: (person, record) => ({
      kind: "insert",
      collection: COLLECTION,
      id: String(person),
      value: { ...record, createdAt: now() } satisfies PersonRecord,
    }),
  };
}

function profileOf({ id, value, version }: Stored<PersonRecord>): Profile {
  const { name, email, createdAt } = value;
  return {
    id: formatId("person", Number(id)),
    name,
    ...(email !== undefined && { email }),
    created_at: new Date(createdAt).toISOString(),
    version,
  };
}

function gone(): AppError {
  return new AppError("NOT_FOUND", "The person of this key is gone; ask the owner for another key.");
}

function changedMeanwhile(): AppError {
  return new AppError("CONFLICT", "Somebody else changed the profile meanwhile; read it again and repeat the change.");
}
