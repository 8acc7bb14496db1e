import { describe, expect, it } from "vitest";
import { type EntryRecord, factsOf } from "../../../src/services/audit/entry.js";
import type { Change, Store } from "../../../src/store/port.js";
import { MINE, standingClock } from "../../support/services.js";
import { auditOver, deedOf, record, STORES, storedEntries, writeEntries } from "./bench.js";

const collection = `log:${MINE}`;
const orderIn = ({ time, seq }: EntryRecord) => [time, seq].map((part) => String(part).padStart(16, "0")).join(":");

describe.each(Object.entries(STORES))("P36: the audit log on %s", (_, open) => {
  async function bench(count = 6) {
    const [store] = (await open(1)) as [Store];
    const { audit } = auditOver(store, { now: standingClock().now });
    await writeEntries(audit, count);
    const rows = await storedEntries(store);
    const row = (seq: number) => {
      const found = rows[seq - 1];
      if (!found) throw new Error(`no entry ${seq}`);
      return found;
    };
    const put = async (...changes: Change[]) => expect(await store.commit(changes)).toBe(true);
    const without = (seq: number): Change => ({ kind: "remove", collection, id: row(seq).id });
    const again = (seq: number, value: unknown = row(seq).value, id = row(seq).id): Change => ({
      kind: "insert",
      collection,
      id,
      value,
      order: orderIn(value as EntryRecord),
    });
    const verdict = () => audit.verify(MINE);
    return { store, audit, row, put, without, again, verdict };
  }

  it("verifies as long as nobody touches it", async () => {
    const { verdict, audit } = await bench();
    expect(await verdict()).toEqual({ intact: true, entries: 6 });
    expect(await audit.verify(99)).toEqual({ intact: true, entries: 0 });
  });

  it.each<[string, (entry: EntryRecord) => unknown]>([
    ["outcome", (entry) => ({ ...entry, outcome: "NOT_FOUND" })],
    ["actor", (entry) => ({ ...entry, actor: { ...entry.actor, person: 9 } })],
    ["key", (entry) => ({ ...entry, actor: { ...entry.actor, keyPrefix: "ck_other" } })],
    ["time", (entry) => ({ ...entry, time: entry.time + 1 })],
    ["resource id", (entry) => ({ ...entry, resourceId: "r9" })],
    ["address", (entry) => ({ ...entry, ip: "10.0.0.1" })],
    ["metadata", (entry) => ({ ...entry, metadata: { ...entry.metadata, effect: "destroy" } })],
    ["mac", (entry) => ({ ...entry, mac: "0".repeat(64) })],
    ["whole shape", () => ({})],
    ["value", () => null],
  ])("names an entry whose %s was changed", async (_what, change) => {
    const { row, put, verdict } = await bench();
    const { id, version, value } = row(3);
    await put({ kind: "replace", collection, id, version, value: change(value) });
    expect(await verdict()).toEqual({
      intact: false,
      entries: 2,
      entry: `log_${id}`,
      problem: "it was changed after it was written",
    });
  });

  it("names the entry behind one that was removed", async () => {
    const { row, put, without, verdict } = await bench();
    await put(without(3));
    expect(await verdict()).toMatchObject({
      intact: false,
      entries: 2,
      entry: `log_${row(4).id}`,
      problem: expect.stringContaining("an entry was removed in front of it, from number 3"),
    });
  });

  it("names the first of two that changed places", async () => {
    const { row, put, without, again, verdict } = await bench();
    const [three, five] = [row(3), row(5)];
    const swapped = (entry: EntryRecord, place: EntryRecord): Change => ({
      kind: "insert",
      collection,
      id: String(entry.number),
      value: entry,
      order: orderIn(place),
    });
    await put(without(3), without(5), swapped(five.value, three.value), swapped(three.value, five.value));
    expect(await verdict()).toMatchObject({
      intact: false,
      entries: 2,
      entry: `log_${five.id}`,
      problem: expect.stringContaining("out of order: number 3"),
    });
    await put(without(3), without(5), again(3), again(5));
    expect(await verdict()).toEqual({ intact: true, entries: 6 });
  });

  it("names an entry that was put in the place of another", async () => {
    const { row, put, verdict } = await bench();
    const { id, version } = row(3);
    await put({ kind: "replace", collection, id, version, value: row(5).value });
    expect(await verdict()).toMatchObject({ entry: `log_${id}`, problem: expect.stringContaining("place of another") });
  });

  it.each([3, 4, 7])("names an entry that was made up as number %i", async (seq) => {
    const { row, put, again, verdict } = await bench();
    const { mac } = row(3).value;
    await put(again(3, { ...row(3).value, number: 900_000, seq, mac }, "900000"));
    expect(await verdict()).toMatchObject({ intact: false, entry: "log_900000" });
  });

  it.each([1, 3, 6])("notices that the last %i of six were cut off", async (cut) => {
    const { row, put, without, verdict } = await bench();
    await put(...Array.from({ length: cut }, (_gone, at) => without(6 - at)));
    expect(await verdict()).toEqual({
      intact: false,
      entries: 6 - cut,
      ...(cut < 6 && { entry: `log_${row(6 - cut).id}` }),
      problem: `the end of the log was cut off behind this entry: ${cut} of 6 are missing`,
    });
  });

  it("notices a head that is gone, with the tail or without it, also once the log has gone on", async () => {
    const { audit, row, put, without, verdict } = await bench();
    await put({ kind: "remove", collection: "audit-head", id: String(MINE) });
    expect(await verdict()).toMatchObject({
      intact: false,
      entries: 6,
      problem: expect.stringContaining("head of the chain is gone"),
    });
    await put(without(6), without(5));
    expect(await verdict()).toMatchObject({ intact: false, entries: 4, entry: `log_${row(4).id}` });
    await record(audit, MINE, deedOf());
    expect(await verdict()).toMatchObject({
      intact: false,
      entries: 4,
      problem: expect.stringContaining("begins anew"),
    });
  });

  it("notices a head that was changed to fit a cut tail", async () => {
    const { store, audit, row, put, without, verdict } = await bench();
    const head = await store.get<object>("audit-head", String(MINE));
    const { seq: count, mac, time } = row(4).value;
    await put(without(6), without(5), {
      kind: "replace",
      collection: "audit-head",
      id: String(MINE),
      version: head?.version ?? 0,
      value: { ...head?.value, count, mac, time },
    });
    expect(await verdict()).toMatchObject({ intact: false, entries: 4, problem: "the head of the chain was changed" });
    await record(audit, MINE, deedOf());
    expect(await verdict()).toMatchObject({
      intact: false,
      entries: 4,
      problem: expect.stringContaining("begins anew"),
    });
  });

  it("notices an entry that was signed for another workspace", async () => {
    const { store, audit, put, again, row, verdict } = await bench(1);
    await writeEntries(audit, 2, 7);
    const foreign = (await storedEntries(store, 7))[1]?.value as EntryRecord;
    await put(again(1, { ...foreign, actor: row(1).value.actor }, String(foreign.number)));
    expect(await verdict()).toMatchObject({ intact: false, entry: `log_${foreign.number}` });
  });

  it("notices an entry that was forged into the place where two pages of the store meet", async () => {
    const { store, audit, put, again, verdict } = await bench(0);
    await audit.recordAll(
      MINE,
      Array.from({ length: 1500 }, () => factsOf(deedOf(), { outcome: "ok", ms: 1 })),
    );
    expect(await verdict()).toEqual({ intact: true, entries: 1500 });
    const thousandth = (await storedEntries(store))[999]?.value as EntryRecord;
    await put(again(1, { ...thousandth, number: 900_000 }, "900000"));
    expect(await verdict()).toMatchObject({ intact: false, entries: 1000, entry: "log_900000" });
  });
});
