import type { LanguageModel, TextStreamPart, ToolSet } from "ai";
import type { ModelCall, ModelGateway, ModelPart } from "./model.js";
import { givenTools, MAX_STEPS_WITH_TOOLS, toolPart } from "./model-tools.js";
import { brokenOff, type ModelFailureContext, modelFailure, nothingUsable, refused } from "./model-failure.js";
import { userContent } from "./model-prompt.js";

/** Which model to call, where and with which key; base URLs are taken with or without `/v1`. */
export interface ModelSettings {
  /** `anthropic/<model>` or `openai-compatible/<model>`. */
  readonly model: string;
  readonly anthropic?: {
    readonly apiKey: string;
    readonly baseUrl?: string | undefined;
    /** What an error tells people to check; `ANTHROPIC_API_KEY` where left out. */
    readonly keySetting?: string;
    /** The setting that names the model; `CLANKER_MODEL` where left out. */
    readonly modelSetting?: string;
  };
  readonly openai?: { readonly apiKey?: string | undefined; readonly baseUrl: string };
  /** Replaces undici's. */
  readonly fetch?: typeof globalThis.fetch;
}

const MAX_STEPS = 8;
const MAX_RETRIES = 2;
const CHARACTERS_A_TOKEN = 4;
const ANTHROPIC_URL = "https://api.anthropic.com";

/** A model behind the AI SDK, which is loaded at the first call. */
export function createModelGateway(settings: ModelSettings): ModelGateway {
  const provider = providerOf(settings);
  let loaded: Promise<LanguageModel> | undefined;

  async function* stream(call: ModelCall): AsyncGenerator<ModelPart> {
    call.signal.throwIfAborted();
    const hungUp = new AbortController();
    const signal = AbortSignal.any([call.signal, hungUp.signal]);
    try {
      const model = await (loaded ??= provider.load());
      yield* answer(model, { ...call, signal });
    } catch (thrown) {
      call.signal.throwIfAborted();
      throw thrown instanceof SdkFailure ? modelFailure(thrown.cause, provider.failures) : thrown;
    } finally {
      hungUp.abort();
    }
  }

  return { name: settings.model, stream };
}

/** What came out of the AI SDK as an error, until it is known how to tell it. */
class SdkFailure extends Error {
  constructor(override readonly cause: unknown) {
    super("the AI SDK failed");
  }
}

async function* answer(model: LanguageModel, call: ModelCall): AsyncGenerator<ModelPart> {
  const { streamText, stepCountIs, jsonSchema } = await import("ai");
  // Its warnings would go to stdout, which belongs to the protocol over stdio.
  globalThis.AI_SDK_LOG_WARNINGS = false;
  const content = userContent(call);
  const result = streamText({
    model,
    system: call.system,
    messages: [{ role: "user", content }],
    tools: givenTools(call, jsonSchema),
    stopWhen: stepCountIs(call.tools?.length ? MAX_STEPS_WITH_TOOLS : MAX_STEPS),
    maxRetries: MAX_RETRIES,
    abortSignal: call.signal,
    onError: () => undefined,
  });
  let characters = call.system.length + content.reduce((sum, part) => sum + ("text" in part ? part.text.length : 0), 0);
  let usable = false;
  let totalTokens: number | undefined;
  for await (const part of unlessAborted(result.fullStream, call.signal)) {
    if (part.type === "error") throw new SdkFailure(part.error);
    if (part.type === "finish-step") requireProperEnd(part);
    if (part.type === "finish") totalTokens = part.totalUsage.totalTokens;
    characters += charactersOf(part);
    const given = asModelPart(part);
    if (!given) continue;
    usable ||= given.type === "file" || (given.type === "text" && given.text.trim() !== "");
    yield given;
  }
  yield { type: "usage", totalTokens: totalTokens || Math.max(1, Math.ceil(characters / CHARACTERS_A_TOKEN)) };
  if (!usable) throw nothingUsable();
}

/** The stream's parts, until the signal is aborted: that ends the wait even where the stream does not. */
async function* unlessAborted<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  const { promise: aborted, reject } = withResolvers();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next().catch(sdkFailure), aborted]);
      signal.throwIfAborted();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    void iterator.return?.().catch(() => undefined);
  }
}

function sdkFailure(cause: unknown): never {
  throw new SdkFailure(cause);
}

function withResolvers(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, refuse) => (reject = refuse));
  promise.catch(() => undefined);
  return { promise, reject };
}

function requireProperEnd(step: { readonly finishReason: string; readonly rawFinishReason: string | undefined }): void {
  if (step.finishReason === "content-filter") throw refused();
  if (step.rawFinishReason === undefined) throw brokenOff();
}

function charactersOf(part: TextStreamPart<ToolSet>): number {
  if (part.type === "text-delta" || part.type === "reasoning-delta") return part.text.length;
  return part.type === "tool-input-delta" ? part.delta.length : 0;
}

function asModelPart(part: TextStreamPart<ToolSet>): ModelPart | undefined {
  switch (part.type) {
    case "text-delta":
      return { type: "text", text: part.text };
    case "file":
      return { type: "file", name: undefined, mimeType: part.file.mediaType, content: part.file.uint8Array };
    case "tool-result":
      return toolPart(part);
    default:
      return undefined;
  }
}

interface Provider {
  readonly load: () => Promise<LanguageModel>;
  readonly failures: ModelFailureContext;
}

function providerOf(settings: ModelSettings): Provider {
  const [kind, model] = split(settings.model);
  if (kind === "anthropic" && settings.anthropic) {
    const { apiKey, baseUrl, keySetting = "ANTHROPIC_API_KEY", modelSetting } = settings.anthropic;
    const { baseURL, headers, secrets } = address(baseUrl ?? ANTHROPIC_URL);
    return {
      async load() {
        const { createAnthropic } = await import("@ai-sdk/anthropic");
        return createAnthropic({ apiKey, baseURL, headers, fetch: await outgoing(settings) })(model);
      },
      failures: { keySetting, modelSetting, urlSetting: "ANTHROPIC_BASE_URL", secrets: [apiKey, ...secrets] },
    };
  }
  if (kind === "openai-compatible" && settings.openai) {
    const { apiKey, baseUrl } = settings.openai;
    const { baseURL, headers, secrets } = address(baseUrl);
    return {
      async load() {
        const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
        const auth = apiKey === undefined ? { headers } : { apiKey };
        const fetch = await outgoing(settings);
        return createOpenAICompatible({ name: kind, baseURL, ...auth, includeUsage: true, fetch })(model);
      },
      failures: { keySetting: "OPENAI_API_KEY", urlSetting: "OPENAI_BASE_URL", secrets: [apiKey ?? "", ...secrets] },
    };
  }
  throw new Error(`no settings for the model ${settings.model}`);
}

function split(name: string): [kind: string, model: string] {
  const slash = name.indexOf("/");
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** A model API's base URL with its `/v1`, its user and password as the header that fetch wants instead. */
export function address(baseUrl: string): { baseURL: string; headers: Record<string, string>; secrets: string[] } {
  const url = new URL(baseUrl);
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const secrets = [url.password, password];
  url.username = url.password = "";
  const bare = url.href.replace(/\/+$/, "");
  const headers: Record<string, string> = {};
  if (user || password) headers.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return { baseURL: bare.endsWith("/v1") ? bare : `${bare}/v1`, headers, secrets };
}

/** Follows no redirect, so that a key goes nowhere but to the configured address. */
async function outgoing(settings: ModelSettings): Promise<typeof globalThis.fetch> {
  const send = settings.fetch ?? ((await import("undici")).fetch as unknown as typeof globalThis.fetch);
  return (input, init) => send(input, { ...init, redirect: "error" });
}
