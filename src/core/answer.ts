/** Bytes as an answer: a face sends them with their media type and file name instead of JSON. */
export class BinaryAnswer {
  constructor(
    readonly content: Uint8Array,
    readonly mimeType: string,
    readonly filename: string,
  ) {}
}

/** A cookie that no script of a page can read and no other site's request carries along. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** It goes to addresses below this one only. */
  readonly path: string;
  /** Seconds until the browser forgets it; 0 has it forgotten now. */
  readonly maxAge: number;
  readonly secure: boolean;
}

/** An answer as JSON that comes with cookies, for a browser. */
export class CookieAnswer {
  constructor(
    readonly body: unknown,
    readonly cookies: readonly Cookie[],
  ) {}
}

/** Another address as an answer, for a browser. */
export class RedirectAnswer {
  constructor(
    readonly location: string,
    readonly cookies: readonly Cookie[] = [],
  ) {}
}

/** A page to read as an answer, for a browser; both texts may hold anything. */
export class PageAnswer {
  constructor(
    readonly title: string,
    readonly text: string,
    readonly cookies: readonly Cookie[] = [],
  ) {}
}

/** One server-sent event. */
export interface StreamEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/**
 * Events as an answer: a face sends them as they come until the caller leaves or the source ends. A text is one that
 * has its form already, empty line included; a source of those tells of its own failure.
 */
export class StreamAnswer {
  constructor(
    readonly events: AsyncIterable<StreamEvent | string>,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}
