import type { Action, App } from "../../connectors/app.js";
import { AppError, notFound, toAppError } from "../../core/errors.js";
import { coerce, inputSchema, type JsonSchema, outputSchema } from "../../core/schema.js";
import { connectorScope } from "../../core/scopes.js";
import type { ActionView, TriggerView } from "../../core/shapes/connector.js";
import { invalidInput } from "../../core/stages.js";
import { type Fenced, fenced, fencedText } from "../../core/untrusted.js";
import type { Access } from "./access.js";

/** An action with the app that it belongs to. */
export interface AppAction {
  readonly app: App;
  readonly action: Action;
  readonly inputSchema: JsonSchema;
}

/** Finds actions by what they do: those of `among` that fit the question, the best first. */
export type RankActions = (
  question: string,
  among: readonly AppAction[],
  limit: number,
) => Promise<readonly AppAction[]>;

/** A read action as a tool for a model. */
export interface ReadTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  /** The answer between marks, or the sentence that says why there is none; throws only what ends the run. */
  call(input: unknown, signal: AbortSignal): Promise<string>;
}

/** What can be done in the apps. */
export interface Actions {
  /** Of the connected apps, or of one of them; throws `TOOL_NOT_CONNECTED` where that one is not. */
  search(
    workspace: number,
    input: { query: string; app?: string | undefined; limit: number },
  ): Promise<{ data: ActionView[]; connected: string[] }>;
  /** Throws `NOT_FOUND` for an action that is none, `INVALID_INPUT`, and what the app ends with. */
  run(
    workspace: number,
    call: { app: string; action: string; input: unknown },
    signal: AbortSignal,
  ): Promise<{ app: string; action: string } & Fenced<unknown>>;
  triggers(app?: string): TriggerView[];
  /** The read actions of those of these apps that are connected. */
  readTools(workspace: number, apps: readonly string[]): Promise<ReadTool[]>;
}

/** Longest answer of a tool that a model is given, in characters. */
const TOOL_ANSWER = 20_000;

/** Every action of the apps, their schemas worked out once. */
export function actionsOf(apps: readonly App[]): AppAction[] {
  return apps.flatMap((app) =>
    app.actions.map((action) => {
      let schema: JsonSchema | undefined;
      return {
        app,
        action,
        get inputSchema() {
          return (schema ??= inputSchema(action.input));
        },
      };
    }),
  );
}

export function createActions(access: Access, rank: RankActions, all: readonly AppAction[]): Actions {
  const connectedOf = async (workspace: number, apps: readonly App[]): Promise<App[]> => {
    const standing = await Promise.all(apps.map((app) => usable(workspace, app)));
    return apps.filter((_, at) => standing[at]);
  };
  // One connection that cannot be read must not hide the others.
  const usable = (workspace: number, app: App) =>
    access.isConnected(workspace, app).catch((thrown: unknown) => {
      if (thrown instanceof AppError && thrown.code === "SEAL_BROKEN") return false;
      throw thrown;
    });

  const find = (slug: string, name: string): AppAction => {
    const app = access.appOf(slug);
    const found = all.find((candidate) => candidate.app === app && candidate.action.name === name);
    if (!found) throw notFound(`action of ${app.title}`, name, "search-connector-actions");
    return found;
  };

  const actions: Actions = {
    async search(workspace, { query, app: slug, limit }) {
      const wanted = slug === undefined ? access.apps : [access.appOf(slug)];
      if (slug !== undefined) await access.require(workspace, access.appOf(slug));
      const connected = await connectedOf(workspace, wanted);
      const among = all.filter(({ app }) => connected.includes(app));
      const found = await rank(query, among, limit);
      return { data: found.map(viewOf), connected: connected.map((app) => app.slug) };
    },

    async run(workspace, { app: slug, action: name, input }, signal) {
      const { action, inputSchema: schema } = find(slug, name);
      const { api, origin } = await access.open(workspace, slug, { read: action.effect === "read", signal });
      const parsed = action.input.safeParse(coerce(schema, input));
      if (!parsed.success) throw invalidInput(parsed.error, "input");
      // Known beforehand: what was done must not be told as failed because the app was disconnected meanwhile.
      const from = await origin();
      const answer = await action.run(parsed.data, api);
      return { app: slug, action: name, ...fenced(from, answer ?? null) };
    },

    triggers(slug) {
      const apps = slug === undefined ? access.apps : [access.appOf(slug)];
      return apps.flatMap((app) =>
        app.triggers.map(({ name, title, description, payload }) => ({
          id: `${app.slug}.${name}`,
          app: app.slug,
          trigger: name,
          title,
          description,
          payload_schema: outputSchema(payload),
        })),
      );
    },

    async readTools(workspace, slugs) {
      const apps = await connectedOf(
        workspace,
        access.apps.filter((app) => slugs.includes(app.slug)),
      );
      const reads = all.filter(({ app, action }) => action.effect === "read" && apps.includes(app));
      return reads.map(({ app, action, inputSchema: schema }) => ({
        name: `${app.slug}_${action.name.replaceAll("-", "_")}`,
        description: `${app.title}: ${action.description}`,
        inputSchema: schema,
        async call(input, signal) {
          try {
            const call = { app: app.slug, action: action.name, input };
            const { data, source } = await actions.run(workspace, call, signal);
            return fencedText(source, cut(JSON.stringify(data)));
          } catch (thrown) {
            signal.throwIfAborted();
            const { code, message } = toAppError(thrown);
            return `${code}: ${message}`;
          }
        },
      }));
    },
  };
  return actions;
}

function viewOf({ app, action, inputSchema: schema }: AppAction): ActionView {
  const { name, title, description, effect } = action;
  const scope = connectorScope(app.slug, effect);
  return { app: app.slug, action: name, title, description, effect, scope, input_schema: schema };
}

function cut(text: string): string {
  return text.length <= TOOL_ANSWER
    ? text
    : `${text.slice(0, TOOL_ANSWER).replace(/[\uD800-\uDBFF]$/, "")} [cut: ask for less]`;
}
