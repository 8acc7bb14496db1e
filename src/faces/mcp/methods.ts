import { InputRequired } from "../../core/asking.js";
import type { Caller } from "../../core/caller.js";
import { formAt, quote, toAppError } from "../../core/errors.js";
import { splitKeyArgument } from "../../core/key-argument.js";
import type { Progress } from "../../core/operation.js";
import { isOn, WHOLE_SURFACE } from "../../core/surface.js";
import { getPrompt, listPrompts } from "./prompts.js";
import { listResources, listTemplates, readResource, requireReadable } from "./resources.js";
import { failure, marked, success } from "./results.js";
import { RPC, RpcError } from "./rpc-error.js";
import { createSkillsExtension, isSkillUri, SKILL_METHODS } from "./skills-extension.js";
import type { Answer, Exchange, MethodResult } from "./exchange.js";
import type { McpOptions } from "./options.js";
import type { SearchSurface } from "./search-surface.js";
import type { ToolLists } from "./tool-list.js";

type Params = Readonly<Record<string, unknown>>;
type Method = (params: Params, exchange: Exchange) => object | Promise<object>;

/** Answers every method of a client but initialize and ping; throws what `toRpcError` understands. */
export function createMethods(
  options: Pick<McpOptions, "registry" | "invoke" | "prompts" | "resources" | "skills" | "log"> & {
    readonly searchSurface: SearchSurface;
    readonly toolLists: ToolLists;
  },
): Answer {
  const { registry, invoke, prompts, resources, searchSurface, toolLists } = options;
  const skills = createSkillsExtension(options.skills, options.log);

  function callTool(params: Params, exchange: Exchange): Promise<object> {
    const { caller, signal } = exchange;
    const name = text(params, "name", caller);
    if (!caller.surface?.search || !searchSurface.has(name)) return callCatalogue(params, exchange);
    const request = { operation: name, args: params["arguments"], caller, signal };
    return searchSurface.call(request, (call) => callCatalogue(call, exchange));
  }

  async function callCatalogue(params: Params, exchange: Exchange): Promise<object> {
    const { caller, signal, ask } = exchange;
    const { surface = WHOLE_SURFACE } = caller;
    const name = text(params, "name", caller);
    const entry = registry.findTool(name);
    if (!entry || !isOn(surface, entry.operation)) {
      const lister = surface.search ? "search-tools finds" : "tools/list shows";
      throw invalid(`There is no tool ${quote(name)} here; ${lister} those that exist.`, caller);
    }
    const report = reporter(exchange);
    let isReplay = false;
    try {
      const answer = await invoke({
        operation: entry.operation.name,
        args: params["arguments"],
        ...(entry.operation.idempotent && splitKeyArgument(params["arguments"])),
        onReplay: () => void (isReplay = true),
        caller,
        signal,
        ask,
        ...(report && { progress: report.progress }),
      });
      return marked(success(answer, params["arguments"]), isReplay);
    } catch (thrown) {
      if (thrown instanceof InputRequired) throw thrown;
      return marked(failure(toAppError(thrown), caller.requestId, formAt(entry.operation.route?.path)), isReplay);
    } finally {
      report?.end();
    }
  }

  const methods = new Map<string, Method>([
    ["tools/call", callTool],
    [
      "tools/list",
      (params, { caller }) => {
        refuseCursor(params, caller);
        return toolLists.of(caller);
      },
    ],
    [
      "prompts/list",
      (params, { caller }) => {
        refuseCursor(params, caller);
        return listPrompts(prompts, caller);
      },
    ],
    [
      "prompts/get",
      (params, { caller }) => getPrompt(prompts, caller, text(params, "name", caller), inputOf(params, caller)),
    ],
    ["resources/list", (params, { caller }) => listResources(resources, caller, cursorOf(params, caller))],
    [
      "resources/templates/list",
      (params, { caller }) => {
        refuseCursor(params, caller);
        return listTemplates(caller);
      },
    ],
    [
      "resources/read",
      (params, { caller }) => {
        const uri = text(params, "uri", caller);
        return isSkillUri(uri) ? skills.readFile(caller, uri) : readResource(resources, caller, uri);
      },
    ],
    [
      "resources/subscribe",
      async (params, { caller, subscriptions }) => {
        const uri = text(params, "uri", caller);
        if (isSkillUri(uri)) await skills.readFile(caller, uri);
        else requireReadable(caller, uri);
        await subscriptions?.add(uri);
        return {};
      },
    ],
    [
      "resources/unsubscribe",
      async (params, { caller, subscriptions }) => {
        await subscriptions?.remove(text(params, "uri", caller));
        return {};
      },
    ],
    [SKILL_METHODS.list, (params, { caller }) => skills.list(caller, cursorOf(params, caller))],
    [SKILL_METHODS.get, (params, { caller }) => skills.get(caller, text(params, "uri", caller))],
    [
      SKILL_METHODS.readDirectory,
      (params, { caller }) => skills.readDirectory(caller, text(params, "uri", caller), cursorOf(params, caller)),
    ],
  ]);

  return async (request, exchange) => {
    const method = methods.get(request.method);
    if (!method) {
      throw new RpcError(
        RPC.methodNotFound,
        `This server has no method ${quote(request.method)}.`,
        exchange.caller.requestId,
        "METHOD_NOT_FOUND",
      );
    }
    return (await method(request.params ?? {}, exchange)) as MethodResult;
  };
}

/** Sends progress to a client that asked for it: always growing, and never after the answer. */
function reporter({ progressToken, notify }: Exchange) {
  if (progressToken === undefined) return undefined;
  let reached = Number.NEGATIVE_INFINITY;
  return {
    progress: (step: Progress) => {
      if (!(step.progress > reached)) return;
      reached = step.progress;
      // A client that is gone by now is told nothing.
      notify({ method: "notifications/progress", params: { progressToken, ...step } }).catch(() => undefined);
    },
    end: () => {
      reached = Number.POSITIVE_INFINITY;
    },
  };
}

function invalid(message: string, caller: Caller): RpcError {
  return new RpcError(RPC.invalidParams, message, caller.requestId);
}

function text(params: Params, field: string, caller: Caller): string {
  const value = params[field];
  if (typeof value !== "string") throw invalid(`params.${field} must be text.`, caller);
  return value;
}

function cursorOf(params: Params, caller: Caller): string | undefined {
  return params["cursor"] === undefined ? undefined : text(params, "cursor", caller);
}

function refuseCursor(params: Params, caller: Caller): void {
  if (params["cursor"] !== undefined) {
    throw new RpcError(
      RPC.invalidParams,
      "This list has one page; leave cursor out.",
      caller.requestId,
      "INVALID_CURSOR",
    );
  }
}

function inputOf(params: Params, caller: Caller): string | undefined {
  const given = params["arguments"];
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null) throw invalid("params.arguments must be an object.", caller);
  const { input } = given as Params;
  return input === undefined ? undefined : text(given as Params, "input", caller);
}
