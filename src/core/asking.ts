import { z } from "zod";
import { AppError } from "./errors.js";
import { inputSchema, type JsonSchema } from "./schema.js";

/** What an operation asks the person behind the client, in the middle of a call. */
export type Question = FormQuestion | UrlQuestion;

interface Asked {
  /** Unique within one call: a call that is taken up again finds its answers by it. */
  readonly key: string;
  /** What the person reads. */
  readonly message: string;
}

/** A form: the person accepts, declines or cancels, and fills in the fields there are. */
export interface FormQuestion extends Asked {
  /** Flat fields: text, numbers, booleans and enums of text. Left out, there is nothing but to accept. */
  readonly fields?: z.ZodObject;
}

/** A page to open; accepting says that it was opened, not what came of it. */
export interface UrlQuestion extends Asked {
  readonly url: string;
  /** Unique among all questions of its kind. */
  readonly id: string;
}

/** What the person answered; `unasked` where the client cannot put this kind of question. */
export type Reply =
  | { readonly action: "accept"; readonly content: Readonly<Record<string, unknown>> }
  | { readonly action: "decline" | "cancel" | "unasked" };

/** Puts a question to the person and goes on with the answer. */
export type Need = (question: Question) => Promise<Reply>;

/** A question as a face puts it to its client. */
export type Prompt =
  | { readonly mode: "form"; readonly key: string; readonly message: string; readonly schema: JsonSchema }
  | {
      readonly mode: "url";
      readonly key: string;
      readonly message: string;
      readonly url: string;
      /** Names this one question, for clients that are told when the page is done with. */
      readonly id: string;
    };

/** How a face puts a question: the client's own answer, not yet checked; undefined where it cannot be asked that way. */
export type Ask = (prompt: Prompt) => Promise<{ readonly action: string; readonly content?: unknown } | undefined>;

/**
 * Thrown by an {@link Ask} whose client answers by calling anew: the call ends here, nothing of it is done, and the face
 * hands the prompt out.
 */
export class InputRequired extends AppError {
  constructor(readonly prompt: Prompt) {
    super("CONFIRMATION_REQUIRED", "The user has to answer a question first; call again with the answer.");
  }
}

/** {@link Need} over what a face offers; an accepted form that does not fit its fields is `INVALID_INPUT`. */
export function needFrom(ask: Ask | undefined): Need {
  return async (question) => {
    const answer = await ask?.(promptOf(question));
    if (answer === undefined) return { action: "unasked" };
    if (answer.action === "decline") return { action: "decline" };
    if (answer.action !== "accept") return { action: "cancel" };
    if ("url" in question || !question.fields) return { action: "accept", content: {} };
    const content = question.fields.safeParse(answer.content);
    if (content.success) return { action: "accept", content: content.data };
    const [issue] = content.error.issues;
    const field = issue?.path.map(String).join(".").slice(0, 64) ?? "";
    throw new AppError("INVALID_INPUT", `The answer to the question does not fit: ${field}: ${issue?.message}.`);
  };
}

function promptOf(question: Question): Prompt {
  const { key, message } = question;
  if ("url" in question) return { mode: "url", key, message, url: question.url, id: question.id };
  return { mode: "form", key, message, schema: inputSchema(question.fields ?? z.object({})) };
}
