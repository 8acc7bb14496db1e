import { LLMock } from "@copilotkit/aimock";
import type { ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import type { ExecutionStatus } from "../../src/core/shapes/execution.js";
import { createLocalQueue } from "../../src/queue/local.js";
import type { AddressGuardOptions } from "../../src/outgoing/public-addresses.js";
import { createOutgoing } from "../../src/outgoing/send.js";
import type { QueueOptions } from "../../src/queue/port.js";
import { createModelGateway } from "../../src/runner/ai-sdk-model.js";
import { createHttpRequests } from "../../src/runner/http-request.js";
import type { ModelCall, ModelGateway, ModelPart } from "../../src/runner/model.js";
import { createRunner } from "../../src/runner/run-skill.js";
import type { ExecutionInput } from "../../src/services/executions/record.js";
import { memoryStore, MINE, openServices, until } from "../support/services.js";
import { startMisbehavingProvider } from "./misbehaving-provider.js";

type Options = NonNullable<Parameters<typeof openServices>[0]> & {
  readonly model: ModelGateway;
  readonly runMs?: number;
  /** How the requests of skills find addresses. */
  readonly addresses?: AddressGuardOptions;
  readonly queue?: QueueOptions & { readonly now?: () => number };
};

/** One process: services, queue and runner over a store, which may be another process's too. */
export async function openRunner({ model, runMs = 20_000, queue: queueOptions, addresses, ...options }: Options) {
  const outgoing = createOutgoing(addresses);
  onTestFinished(() => outgoing.close());
  const store = options.store ?? memoryStore();
  const opened = await openServices({
    installed: ["summarize", "algorithmic-art"],
    hasModel: true,
    enqueue: (job) => queue.enqueue(job),
    ...options,
    store,
  });
  const { journal, marketplace, log, services } = opened;
  const queue = createLocalQueue({ store, log, closeMs: 500, ...queueOptions });
  const { memory, billing, executions, connectors } = services;
  const runner = createRunner({
    ...{ store, journal, marketplace, memory, billing, connectors, log, runMs },
    modelFor: () => Promise.resolve(model),
    httpRequests: createHttpRequests({ outgoing, secrets: services.secrets, userAgent: "tests" }),
  });
  await runner.listen();
  onTestFinished(() => queue.close());

  const requester = {
    workspace: MINE,
    person: 1,
    interface: "api",
    agent: false,
    readsMemory: false,
    apps: ["github"],
  };
  const start = async (slug = "summarize", input: Partial<ExecutionInput> = {}) => {
    const { ref } = await executions.start(requester, slug, { input: "report", attachments: [], ...input });
    return `exec_${ref.number}`;
  };
  const status = (id = "exec_1") => executions.status(MINE, id);
  /** The status once it is one of these. */
  const reached = (states: readonly string[], id = "exec_1"): Promise<ExecutionStatus> =>
    until(`${id} is ${states.join(" or ")}`, async () => {
      const now = await status(id);
      return states.includes(now.status) ? now : undefined;
    });
  const finished = (id = "exec_1") => reached(["completed", "failed", "cancelled"], id);
  const blocks = (count: number) =>
    until(`${count} blocks`, async () => {
      const { outputBlocks } = await status();
      return outputBlocks.length >= count && outputBlocks;
    });
  const debits = async () => {
    const { data } = await billing.transactions(MINE, { limit: 100 });
    return data.filter(({ type }) => type === "debit");
  };
  return { ...opened, queue, runner, executions, start, status, finished, reached, blocks, debits };
}

/** A process that works. */
export async function startRunner(options: Options) {
  const opened = await openRunner(options);
  await opened.queue.start(opened.runner);
  return opened;
}

/** The gateway to an OpenAI-compatible API at this address. */
const modelAt = (baseUrl: string): ModelGateway =>
  createModelGateway({ model: "openai-compatible/test", openai: { baseUrl } });

/** A model API with scripted answers. */
export async function scriptedModel() {
  const mock = await LLMock.create({ port: 0 });
  onTestFinished(async () => void (await mock.stop()));
  return { mock, model: modelAt(mock.url) };
}

/** A model API that says what the test makes it say, when it does, to the first that asks. */
export async function puppetModel() {
  const asked: ServerResponse[] = [];
  const provider = await startMisbehavingProvider((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    asked.push(response);
  });
  onTestFinished(() => provider.stop());
  const chunk = (choice: object) => {
    const event = { id: "c", model: "m", choices: [{ index: 0, ...choice }] };
    asked[0]?.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  const model = modelAt(provider.url);
  let heard = "";
  return {
    model: modelOf(async function* (call) {
      for await (const part of model.stream(call)) {
        if (part.type === "text") heard += part.text;
        yield part;
      }
    }),
    /** Resolves when these words have come to the run. */
    heard: (words: string) => until(`"${words}" is heard`, () => heard.includes(words)),
    requests: provider.requests,
    asked: () => until("the model was asked", () => asked.length > 0),
    /** Long enough to become a block at once. */
    say: (word: string) => chunk({ delta: { content: word.padEnd(2000, ".") } }),
    mutter: (word: string) => chunk({ delta: { content: word } }),
    finish() {
      chunk({ delta: {}, finish_reason: "stop" });
      asked[0]?.end("data: [DONE]\n\n");
    },
    /** Resolves when its callers have hung up. */
    hungUp: () => Promise.race([provider.hungUp(), until("nobody", () => false, 3000)]),
  };
}

/** A model that is a generator of the test. */
export const modelOf = (stream: (call: ModelCall) => AsyncIterable<ModelPart>): ModelGateway => ({
  name: "test/generator",
  stream,
});
