import { useEffect, useState } from "preact/hooks";
import { useLoad } from "../loading.js";
import { Action } from "../parts/action.js";
import { Confirm } from "../parts/dialog.js";
import { When } from "../parts/states.js";
import { sizeInWords, Time } from "../parts/text.js";
import { go } from "../place.js";
import { useAround } from "../session.js";
import type { ArtifactView } from "../types.js";

const SHOWN_BYTES = 500_000;
const isText = (type: string) => /^text\/|json|xml|yaml|javascript|csv/.test(type) && !type.startsWith("image/");

/** One file: what it is, what is in it as far as that can be shown safely, and how to have it. */
export function Artifact({ id }: { id: string }) {
  const { api } = useAround();
  const [deleting, setDeleting] = useState(false);
  const path = `/api/v1/artifacts/${encodeURIComponent(id)}`;
  const { loaded, reload } = useLoad(id, (asked) => asked.get<ArtifactView>(path));
  const save = async (name: string) => {
    const blob = await (await api.open(`${path}/download`)).blob();
    const url = URL.createObjectURL(blob);
    const link = Object.assign(document.createElement("a"), { href: url, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };
  return (
    <>
      <p class="crumb">
        <a href="/artifacts">Artifacts</a>
      </p>
      <When loaded={loaded} reload={reload}>
        {(artifact) => (
          <>
            <h1>{artifact.name}</h1>
            <dl class="facts">
              <div>
                <dt>Kind</dt>
                <dd>{artifact.mime_type}</dd>
              </div>
              <div>
                <dt>Size</dt>
                <dd>{sizeInWords(artifact.size)}</dd>
              </div>
              <div>
                <dt>Made</dt>
                <dd>
                  <Time at={artifact.created_at} />
                </dd>
              </div>
              <div>
                <dt>By</dt>
                <dd>
                  <a href={`/executions?id=${encodeURIComponent(artifact.execution_id)}`}>{artifact.execution_id}</a>
                </dd>
              </div>
            </dl>
            <div class="buttons">
              <Action tone="strong" run={() => save(artifact.name)}>
                Download
              </Action>
              <button type="button" class="button danger" onClick={() => setDeleting(true)}>
                Delete
              </button>
            </div>
            <Preview artifact={artifact} />
            {deleting && (
              <Confirm
                title="Delete this file?"
                button="Delete it"
                close={() => setDeleting(false)}
                run={async () => {
                  await api.send("DELETE", path);
                  go("/artifacts", "replace");
                }}
              >
                <p>{artifact.name} is gone for everyone in the workspace, and cannot be brought back.</p>
              </Confirm>
            )}
          </>
        )}
      </When>
    </>
  );
}

function Preview({ artifact: { id, name, mime_type, size } }: { artifact: ArtifactView }) {
  const isImage = /^image\/(png|jpeg|gif|webp|svg\+xml)$/.test(mime_type);
  if (size > SHOWN_BYTES || !(isImage || isText(mime_type))) {
    return <p class="calm">This file is not shown here; download it to open it.</p>;
  }
  return (
    <section aria-label="Content">
      <h2>Content</h2>
      {isImage ? <Picture id={id} name={name} /> : <Source id={id} />}
    </section>
  );
}

const download = (id: string) => `/api/v1/artifacts/${encodeURIComponent(id)}/download`;

function Source({ id }: { id: string }) {
  const { loaded, reload } = useLoad(id, async (api) => (await api.open(download(id))).text());
  return (
    <When loaded={loaded} reload={reload}>
      {(text) => (
        <pre class="output" tabIndex={0} aria-label="The file's text">
          {text}
        </pre>
      )}
    </When>
  );
}

/** As an image a drawing runs no script, whatever is in it. */
function Picture({ id, name }: { id: string; name: string }) {
  const { loaded, reload } = useLoad(id, async (api) => (await api.open(download(id))).blob());
  const [url, setUrl] = useState<string>();
  const blob = loaded.state === "ready" ? loaded.value : undefined;
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return (
    <When loaded={loaded} reload={reload}>
      {() => url !== undefined && <img class="picture" src={url} alt={`The image ${name}`} />}
    </When>
  );
}
