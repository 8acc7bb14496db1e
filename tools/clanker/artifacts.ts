import { z } from "zod";
import { BinaryAnswer } from "../../src/core/answer.js";
import { idInput } from "../../src/core/ids.js";
import { pageInput, pageOf } from "../../src/core/page.js";
import { artifactView } from "../../src/core/shapes/artifact.js";
import { define } from "../define.js";

const id = idInput("artifact");

/** Most of an artifact's text that a tool hands over beside the link, in characters. */
const TEXT_LIMIT = 20_000;

const TEXT_TYPE = /^(text\/|application\/(json|xml|yaml|javascript|x-ndjson)$|image\/svg\+xml$)|\+(json|xml)$/;

export const artifacts = [
  define({
    tool: "list-artifacts",
    route: { method: "GET", path: "/api/v1/artifacts" },
    toolset: "artifacts",
    title: "List artifacts",
    description: "Files that skills made, newest first.",
    effect: "read",
    scope: "workspace:files:read",
    input: z.strictObject({
      execution_id: idInput("execution").optional(),
      type: z.string().min(1).max(128).optional().describe("media type or its first half, such as image"),
      ...pageInput,
    }),
    output: pageOf(artifactView),
    errors: ["INVALID_CURSOR", "NOT_FOUND"],
    run: (input, { services, caller }) => services.artifacts.page(caller.workspace, input),
  }),
  define({
    tool: "get-artifact",
    route: { method: "GET", path: "/api/v1/artifacts/:id" },
    toolset: "artifacts",
    title: "Get an artifact's details",
    description: "Name, media type, size and origin of a file.",
    effect: "read",
    scope: "workspace:files:read",
    input: z.strictObject({ id }),
    output: artifactView,
    errors: ["NOT_FOUND"],
    run: (input, { services, caller }) => services.artifacts.get(caller.workspace, input.id),
  }),
  define({
    tool: "download-artifact",
    route: {
      method: "GET",
      path: "/api/v1/artifacts/:id/download",
      auth: "signed-link",
      produces: "application/octet-stream",
    },
    toolset: "artifacts",
    title: "Download an artifact",
    description: "A link to a file's bytes and, for text, its beginning.",
    effect: "read",
    scope: "workspace:files:read",
    dependsOnFace: "REST sends the bytes themselves, a tool a link to them",
    input: z.strictObject({ id }),
    output: artifactView.extend({
      url: z.string(),
      expires_at: z.string().optional(),
      text: z.string().optional(),
      truncated: z.boolean().optional(),
    }),
    errors: ["NOT_FOUND"],
    async run(input, { services, caller, face }) {
      const { artifact, content } = await services.artifacts.content(caller.workspace, input.id);
      if (face === "rest") return new BinaryAnswer(content, artifact.mime_type, artifact.name);
      const link = await services.links.download(caller.workspace, artifact, content);
      if (!TEXT_TYPE.test(artifact.mime_type)) return { ...artifact, ...link };
      const text = Buffer.from(content).toString("utf8");
      const whole = text.length <= TEXT_LIMIT;
      const shown = whole ? text : text.slice(0, TEXT_LIMIT).replace(/[\uD800-\uDBFF]$/, "");
      return { ...artifact, ...link, text: shown, truncated: !whole };
    },
  }),
  define({
    tool: "delete-artifact",
    route: { method: "DELETE", path: "/api/v1/artifacts/:id" },
    toolset: "artifacts",
    title: "Delete an artifact",
    description: "Delete a file for good.",
    effect: "destroy",
    scope: "workspace:files:write",
    audit: { action: "artifact.delete", resource: "artifact" },
    input: z.strictObject({ id }),
    output: z.object({ id: z.string(), deleted: z.literal(true) }),
    errors: ["NOT_FOUND", "EXECUTION_RUNNING", "CONFLICT"],
    run: (input, { services, caller }) => services.artifacts.remove(caller.workspace, input.id),
  }),
];
