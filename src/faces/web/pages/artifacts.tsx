import { useState } from "preact/hooks";
import { useList } from "../loading.js";
import { Choice } from "../parts/form.js";
import { Rows } from "../parts/list.js";
import { Empty } from "../parts/states.js";
import { sizeInWords, Time } from "../parts/text.js";
import { usePlace } from "../place.js";
import type { ArtifactView } from "../types.js";
import { Artifact } from "./artifact.js";

const TYPES = [
  ["", "All"],
  ["text/markdown", "Markdown"],
  ["text/plain", "Plain text"],
  ["text/html", "Web pages"],
  ["application/json", "JSON"],
  ["image/svg+xml", "Drawings (SVG)"],
  ["image/png", "Images (PNG)"],
] as const;

/** The files that skills have made, or one of them. */
export function Artifacts() {
  const { query } = usePlace();
  const id = query.get("id");
  return id === null ? <All /> : <Artifact key={id} id={id} />;
}

function All() {
  const [type, setType] = useState("");
  const list = useList<ArtifactView>("/api/v1/artifacts", { type }, ["artifact-created", "artifact-deleted"]);
  return (
    <>
      <h1>Artifacts</h1>
      <p class="lead">The files that skills have made in this workspace.</p>
      <div class="filters">
        <Choice label="Show" value={type} set={setType} options={TYPES} />
      </div>
      <Rows
        list={list}
        label="Artifacts"
        idOf={({ id }) => id}
        empty={
          type === "" ? (
            <Empty title="No files yet">
              <p>
                Some skills make a file, such as release notes or a drawing. Run one from{" "}
                <a href="/library">your library</a>.
              </p>
            </Empty>
          ) : (
            <Empty title="No files of this kind">
              <p>Choose another kind above.</p>
            </Empty>
          )
        }
      >
        {({ id, name, mime_type, size, execution_id, created_at }) => (
          <a class="row" href={`/artifacts?id=${encodeURIComponent(id)}`}>
            <span class="row-main">
              <strong>{name}</strong>
              <span class="row-note">
                {mime_type} · {sizeInWords(size)}
              </span>
            </span>
            <span class="row-side row-note">
              <Time at={created_at} />
              <span>{execution_id}</span>
            </span>
          </a>
        )}
      </Rows>
    </>
  );
}
