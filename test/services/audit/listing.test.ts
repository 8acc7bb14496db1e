import { describe, expect, it } from "vitest";
import type { AuditFilter } from "../../../src/services/audit/audit.js";
import type { Store } from "../../../src/store/port.js";
import { MINE, standingClock } from "../../support/services.js";
import { auditOver, deedOf, record, STORES } from "./bench.js";

const HOUR = 3_600_000;

describe.each(Object.entries(STORES))("the list of the audit log on %s", (_, open) => {
  /** One entry every six hours from the first of January 2026 on, by turns an artifact deleted and memory written. */
  async function bench(count = 12) {
    const [store] = (await open(1)) as [Store];
    const clock = standingClock(Date.UTC(2026, 0, 1));
    const { audit } = auditOver(store, { now: clock.now });
    for (let at = 0; at < count; at += 1) {
      const artifact = { operation: "delete-artifact", action: "artifact.delete", resource: "artifact" } as const;
      await record(audit, MINE, deedOf({ resourceId: `r${at}`, ...(at % 2 === 0 && artifact) }));
      clock.forward(6 * HOUR);
    }
    const page = (filter: Partial<AuditFilter> = {}) => audit.page(MINE, { limit: 100, ...filter });
    const shown = async (filter: Partial<AuditFilter> = {}) => {
      const { data, has_more } = await page(filter);
      return [data.map(({ resource_id = "" }) => Number(resource_id.slice(1))), has_more] as const;
    };
    return { audit, page, shown };
  }

  it("goes from the newest to the oldest", async () => {
    const { shown, page } = await bench(3);
    expect(await shown()).toEqual([[2, 1, 0], false]);
    expect(await page({ limit: 2 })).toMatchObject({ first_id: "log_3", last_id: "log_2", has_more: true });
  });

  it.each<[Partial<AuditFilter>, number[]]>([
    [{ start_date: "2026-01-02", end_date: "2026-01-02" }, [7, 6, 5, 4]],
    [{ start_date: "2026-01-03" }, [11, 10, 9, 8]],
    [{ end_date: "2026-01-01" }, [3, 2, 1, 0]],
    [{ start_date: "2026-01-01T06:00:00Z", end_date: "2026-01-01T12:00:00Z" }, [2, 1]],
    [{ start_date: "2026-01-01T06:00:00.001Z", end_date: "2026-01-01T12:00:00.000Z" }, [2]],
    [{ start_date: "2026-01-01T08:00+02:00", end_date: "2026-01-01T06:00" }, [1]],
    [{ start_date: "2026-02-01" }, []],
    [{ end_date: "1969-12-31" }, []],
    [{ start_date: "2026-01-02", end_date: "2026-01-01" }, []],
    [{ action: "artifact.delete", end_date: "2026-01-02" }, [6, 4, 2, 0]],
    [{ resource_type: "memory", start_date: "2026-01-02", end_date: "2026-01-02" }, [7, 5]],
    [{ action: "artifact.delete", resource_type: "artifact", end_date: "2026-01-01" }, [2, 0]],
    [{ action: "artifact.delete", resource_type: "memory" }, []],
    [{ action: "artifact.nothing" }, []],
  ])("shows for %j what happened then", async (filter, expected) => {
    expect(await (await bench()).shown(filter)).toEqual([expected, false]);
  });

  it("has no gaps and no doubles from page to page within dates, in both directions", async () => {
    const { page } = await bench();
    const filter = { start_date: "2026-01-02", end_date: "2026-01-03", limit: 3 };
    const first = await page(filter);
    const second = await page({ ...filter, after_id: first.last_id ?? "" });
    const third = await page({ ...filter, after_id: second.last_id ?? "" });
    const ids = [first, second, third].map(({ data, has_more }) => [
      data.map(({ resource_id }) => resource_id),
      has_more,
    ]);
    expect(ids).toEqual([
      [["r11", "r10", "r9"], true],
      [["r8", "r7", "r6"], true],
      [["r5", "r4"], false],
    ]);
    const back = await page({ ...filter, before_id: third.first_id ?? "" });
    expect(back).toMatchObject({ data: second.data, has_more: true });
    expect(await page({ ...filter, before_id: second.first_id ?? "" })).toMatchObject({
      data: first.data,
      has_more: false,
    });
  });

  it("takes a cursor that lies outside the dates", async () => {
    const { shown } = await bench();
    const day = { start_date: "2026-01-02", end_date: "2026-01-02" };
    expect(await shown({ ...day, after_id: "log_12" })).toEqual([[7, 6, 5, 4], false]);
    expect(await shown({ ...day, after_id: "log_1" })).toEqual([[], false]);
    expect(await shown({ ...day, before_id: "log_1", limit: 2 })).toEqual([[5, 4], true]);
    expect(await shown({ ...day, before_id: "log_12" })).toEqual([[], false]);
  });

  it.each([
    [{ start_date: "yesterday" }, "INVALID_INPUT"],
    [{ start_date: "2026-02-30" }, "INVALID_INPUT"],
    [{ end_date: "2026-02-30T10:00:00Z" }, "INVALID_INPUT"],
    [{ end_date: "2026-13-01" }, "INVALID_INPUT"],
    [{ end_date: "1767225600000" }, "INVALID_INPUT"],
    [{ after_id: "log_99" }, "INVALID_CURSOR"],
    [{ before_id: "art_1" }, "INVALID_CURSOR"],
    [{ after_id: "log_1", before_id: "log_2" }, "INVALID_INPUT"],
  ])("refuses %j", async (filter, code) => {
    await expect((await bench(2)).page(filter)).rejects.toMatchObject({ code });
  });
});

it("an export has every entry, oldest first, with its place in the chain", async () => {
  const { audit } = auditOver((await STORES["memory"]?.(1))?.[0] as Store);
  await Promise.all(Array.from({ length: 1201 }, () => record(audit, MINE, deedOf())));
  const seqs: number[] = [];
  for await (const { seq, mac } of audit.entries(MINE)) {
    seqs.push(seq);
    expect(mac).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(seqs).toEqual(Array.from({ length: 1201 }, (_, at) => at + 1));
});
