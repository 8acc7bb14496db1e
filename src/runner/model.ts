import type { JsonSchema } from "../core/schema.js";

/** Something that a model may call while it answers. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  /** The answer as the model reads it; throws only what ends the run. */
  call(input: unknown, signal: AbortSignal): Promise<string>;
}

/** What a model gives while it answers; `totalTokens` is the whole call's, told once at its end. */
export type ModelPart =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "file";
      readonly name: string | undefined;
      readonly mimeType: string;
      readonly content: Uint8Array;
    }
  /** It has called a tool; what it asked for and got. */
  | { readonly type: "tool"; readonly name: string; readonly input: unknown; readonly answer: string }
  | { readonly type: "usage"; readonly totalTokens: number };

/** A file that goes to the model with the prompt. */
export interface ModelAttachment {
  readonly name: string;
  readonly mimeType: string;
  readonly content: Uint8Array;
}

export interface ModelCall {
  readonly system: string;
  readonly prompt: string;
  readonly attachments: readonly ModelAttachment[];
  readonly tools?: readonly ModelTool[];
  readonly signal: AbortSignal;
}

/**
 * A model that answers in parts. The iteration throws `MODEL_REFUSED` where the model declined, `UPSTREAM_FAILED`
 * where the provider failed or sent nothing usable, and the signal's reason once that is aborted.
 */
export interface ModelGateway {
  /** As configured, such as `anthropic/<model>`. */
  readonly name: string;
  stream(call: ModelCall): AsyncIterable<ModelPart>;
}
