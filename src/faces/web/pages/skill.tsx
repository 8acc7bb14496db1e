import { useLoad } from "../loading.js";
import { Action } from "../parts/action.js";
import { When } from "../parts/states.js";
import { useAround } from "../session.js";
import type { InstalledSkill, Page, SkillDetails } from "../types.js";

/** One skill of the marketplace: what it does, what it needs, what it may touch. */
export function Skill({ slug }: { slug: string }) {
  const path = `/api/v1/marketplace/skills/${encodeURIComponent(slug)}`;
  const { loaded, reload } = useLoad(slug, (api) => api.get<SkillDetails>(path));
  return (
    <>
      <p class="crumb">
        <a href="/skills">Skills</a>
      </p>
      <When loaded={loaded} reload={reload}>
        {(skill) => (
          <>
            <h1>{skill.title}</h1>
            <p class="lead">{skill.description}</p>
            <Install slug={slug} />
            <h2>Good to know</h2>
            <dl class="facts stacked">
              <Fact name="Category">{skill.category}</Fact>
              <Fact name="Version">{skill.version}</Fact>
              <Fact name="Licence">{skill.license}</Fact>
              <Fact name="Makes">
                {skill.artifact ? `${skill.artifact.name} (${skill.artifact.mime_type})` : "text"}
              </Fact>
              <Fact name="Memory">
                {skill.uses_memory ? "A run reads the workspace's memory" : "A run does not see the workspace's memory"}
              </Fact>
              <Fact name="Secrets">
                {skill.required_secrets.length > 0 ? skill.required_secrets.join(", ") : "none"}
              </Fact>
              {skill.source !== undefined && <Fact name="Source">{skill.source}</Fact>}
            </dl>
            {skill.parameters.length > 0 && (
              <>
                <h2>What you can tell it</h2>
                <dl class="facts stacked">
                  {skill.parameters.map(({ name, description, required }) => (
                    <Fact key={name} name={required ? name : `${name} (optional)`}>
                      {description}
                    </Fact>
                  ))}
                </dl>
              </>
            )}
          </>
        )}
      </When>
    </>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Install({ slug }: { slug: string }) {
  const { standing } = useAround();
  if (standing.kind === "signed-in") return <InstallHere slug={slug} />;
  return (
    <p class="calm">
      <a href="/sign-in">Sign in</a> to install it in your workspace.
    </p>
  );
}

function InstallHere({ slug }: { slug: string }) {
  const { api } = useAround();
  const installed = useLoad(
    `installed ${slug}`,
    (asked) => asked.get<Page<InstalledSkill>>("/api/v1/skills", { search: slug, limit: 100 }),
    ["skills-changed"],
  );
  return (
    <When loaded={installed.loaded} reload={installed.reload}>
      {({ data }) =>
        data.some((skill) => skill.slug === slug) ? (
          <div class="buttons">
            <a class="button strong" href={`/library?run=${encodeURIComponent(slug)}`}>
              Run it
            </a>
            <span class="calm">Installed in this workspace.</span>
          </div>
        ) : (
          <div class="buttons">
            <Action
              tone="strong"
              run={async () => {
                await api.send("POST", `/api/v1/skills/${encodeURIComponent(slug)}/install`);
                await installed.reload();
              }}
            >
              Install in this workspace
            </Action>
          </div>
        )
      }
    </When>
  );
}
