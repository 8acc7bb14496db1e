import type { Config } from "./config.js";
import { AppError } from "./core/errors.js";
import { createOutgoing } from "./outgoing/send.js";
import { version } from "./project.js";
import { createHttpRequests, type HttpRequests } from "./runner/http-request.js";
import type { ModelGateway } from "./runner/model.js";
import type { RunnerOptions } from "./runner/run-skill.js";
import type { Byok, CheckAnthropicKey } from "./services/byok.js";
import type { Secrets } from "./services/secrets.js";

const ANTHROPIC_URL = "https://api.anthropic.com";
const CHECK_MS = 15_000;
const CHECK_BYTES = 1024 * 1024;

/** What runs skills, over the settings and the workspaces' own keys, and what has to be closed with it. */
export interface WiredModels {
  /** Whether the server has a model of its own. */
  readonly hasModel: boolean;
  readonly checkAnthropicKey: CheckAnthropicKey;
  modelFor(byok: Byok): RunnerOptions["modelFor"];
  httpRequests(secrets: Secrets): HttpRequests;
  close(): Promise<void>;
}

/** Models are loaded where a run first needs them. */
export function wireModels(config: Config): WiredModels {
  const outgoing = createOutgoing();
  const userAgent = `clanker-mcp/${version}`;
  const { CLANKER_MODEL: server, CLANKER_BYOK_MODEL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL: baseUrl } = config;
  const { OPENAI_BASE_URL: openaiUrl, OPENAI_API_KEY: openaiKey } = config;
  let ofServer: Promise<ModelGateway> | undefined;

  const openServer = async (model: string): Promise<ModelGateway> => {
    const { createModelGateway } = await import("./runner/ai-sdk-model.js");
    return createModelGateway({
      model,
      ...(ANTHROPIC_API_KEY !== undefined && { anthropic: { apiKey: ANTHROPIC_API_KEY, baseUrl } }),
      ...(openaiUrl !== undefined && { openai: { apiKey: openaiKey, baseUrl: openaiUrl } }),
    });
  };
  const openOwn = async (apiKey: string): Promise<ModelGateway> => {
    const { createModelGateway } = await import("./runner/ai-sdk-model.js");
    const isAnthropic = server?.startsWith("anthropic/") ?? false;
    return createModelGateway({
      model: isAnthropic && server !== undefined ? server : CLANKER_BYOK_MODEL,
      anthropic: {
        apiKey,
        baseUrl,
        keySetting: "the workspace's own Anthropic key and set it anew with set-byok-key",
        modelSetting: isAnthropic ? "CLANKER_MODEL" : "CLANKER_BYOK_MODEL",
      },
    });
  };

  return {
    hasModel: server !== undefined,
    modelFor: (byok) => async (workspace, record) => {
      if (record.ownKey) return openOwn(await byok.key(workspace));
      if (server !== undefined) return (ofServer ??= openServer(server));
      const message = "The server's model, which this was started on, is no longer set; set CLANKER_MODEL again.";
      throw new AppError("MODEL_NOT_CONFIGURED", message);
    },
    httpRequests: (secrets) => createHttpRequests({ outgoing, secrets, userAgent }),
    async checkAnthropicKey(key, signal) {
      const { address } = await import("./runner/ai-sdk-model.js");
      const { baseURL, headers } = address(baseUrl ?? ANTHROPIC_URL);
      const { status } = await outgoing.send({
        who: "Anthropic",
        method: "GET",
        url: new URL(`${baseURL}/models`),
        headers: { ...headers, "x-api-key": key, "anthropic-version": "2023-06-01", "user-agent": userAgent },
        read: true,
        maxBytes: CHECK_BYTES,
        timeoutMs: CHECK_MS,
        signal,
      });
      if (status === 200) return;
      if (status === 401 || status === 403) {
        throw new AppError(
          "INVALID_INPUT",
          `Anthropic did not accept this key (HTTP ${status}); copy it anew from your account there, whole.`,
        );
      }
      const message = `Anthropic could not say whether it takes this key (HTTP ${status}), so nothing was kept; try again later.`;
      throw new AppError("UPSTREAM_FAILED", message, { details: { status } });
    },
    close: () => outgoing.close(),
  };
}
