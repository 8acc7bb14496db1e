import { useState } from "preact/hooks";
import { useList, useLoad } from "../loading.js";
import { Field } from "../parts/form.js";
import { Rows } from "../parts/list.js";
import { Empty } from "../parts/states.js";
import { go, usePlace } from "../place.js";
import type { SkillSummary } from "../types.js";
import { Skill } from "./skill.js";

/** The marketplace, open to everybody, or one of its skills. */
export function Marketplace() {
  const { query } = usePlace();
  const slug = query.get("skill");
  return slug === null ? <All category={query.get("category") ?? ""} /> : <Skill key={slug} slug={slug} />;
}

function All({ category }: { category: string }) {
  const [search, setSearch] = useState("");
  const list = useList<SkillSummary>("/api/v1/marketplace/skills", { category, search });
  return (
    <>
      <h1>Skills</h1>
      <p class="lead">
        Instructions for one kind of job each, ready to install. An agent, or this server, does the work.
      </p>
      <div class="filters">
        <Field label="Search" kind="search" value={search} set={setSearch} placeholder="release notes" />
      </div>
      <Categories category={category} />
      <Rows
        list={list}
        kind="cards"
        label="Skills"
        idOf={({ slug }) => slug}
        empty={
          <Empty title="No skill fits">
            <p>
              Search for another word, or{" "}
              <button
                type="button"
                class="link"
                onClick={() => {
                  setSearch("");
                  go("/skills");
                }}
              >
                show all skills
              </button>
              .
            </p>
          </Empty>
        }
      >
        {({ slug, title, description, category: kind }) => (
          <article class="skill">
            <p class="row-note">{kind}</p>
            <h2>
              <a href={`/skills?skill=${encodeURIComponent(slug)}`}>{title}</a>
            </h2>
            <p>{description}</p>
          </article>
        )}
      </Rows>
    </>
  );
}

function Categories({ category }: { category: string }) {
  const { loaded } = useLoad("categories", (api) =>
    api.get<{ data: { category: string; count: number }[] }>("/api/v1/marketplace/skills/categories"),
  );
  const all = loaded.state === "ready" ? loaded.value.data : [];
  const total = all.reduce((sum, { count }) => sum + count, 0);
  const shown = [{ category: "", count: total }, ...all.filter(({ count }) => count > 0)];
  return (
    <nav class="chips" aria-label="Categories">
      {all.length > 0 &&
        shown.map(({ category: name, count }) => (
          <a
            key={name}
            href={name === "" ? "/skills" : `/skills?category=${name}`}
            {...(name === category && { "aria-current": "page" as const })}
          >
            {name === "" ? "all" : name} <span class="row-note">{count}</span>
          </a>
        ))}
    </nav>
  );
}
