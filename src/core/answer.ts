/** Bytes as an answer: a face sends them with their media type and file name instead of JSON. */
export class BinaryAnswer {
  constructor(
    readonly content: Uint8Array,
    readonly mimeType: string,
    readonly filename: string,
  ) {}
}

/** One server-sent event. */
export interface StreamEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** Events as an answer: a face sends them as they come until the caller leaves or the source ends. */
export class StreamAnswer {
  constructor(readonly events: AsyncIterable<StreamEvent>) {}
}
