import { useState } from "preact/hooks";
import { useList } from "../../loading.js";
import { Field } from "../../parts/form.js";
import { Rows } from "../../parts/list.js";
import { Empty } from "../../parts/states.js";
import { Time } from "../../parts/text.js";
import type { AuditEntry } from "../../types.js";

/** Who changed what: the audit log. */
export function Activity() {
  const [action, setAction] = useState("");
  const list = useList<AuditEntry>("/api/v1/audit-logs", { action });
  return (
    <section>
      <h2>Activity</h2>
      <p>Every change in this workspace. The log can be added to, never altered.</p>
      <div class="filters">
        <Field label="Action" kind="search" value={action} set={setAction} placeholder="execution.create" />
      </div>
      <Rows
        list={list}
        label="Activity"
        idOf={({ id }) => id}
        empty={
          <Empty title="Nothing to show">
            <p>{action === "" ? "Nothing was changed yet." : "Leave the action empty to see everything."}</p>
          </Empty>
        }
      >
        {(entry) => (
          <div class="row">
            <span class="row-main">
              <strong>{entry.action}</strong>
              <span class="row-note">
                {nameOf(entry.actor)}
                {entry.resource_id && ` · ${entry.resource_id}`}
                {entry.ip && ` · ${entry.ip}`}
              </span>
            </span>
            <span class="row-side">
              {entry.outcome !== "ok" && <span>{entry.outcome}</span>}
              <span class="row-note">
                <Time at={entry.created_at} />
              </span>
            </span>
          </div>
        )}
      </Rows>
    </section>
  );
}

/** Who it was: a key by its first characters, a person by their id, the owner at a terminal or over stdio by the place. */
function nameOf({ type, person_id: person, key_prefix: key }: AuditEntry["actor"]): string {
  if (type === "key") return `key ${key ?? ""}…`;
  if (type === "local") return "this machine";
  return type === "session" ? (person ?? "a person") : type;
}
