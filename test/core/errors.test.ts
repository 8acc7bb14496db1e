import { describe, expect, it } from "vitest";
import { AppError, encodeError, type ErrorCode, ERRORS, notFound, quote, toAppError } from "../../src/core/errors.js";

const TYPES = [
  "invalid_request_error",
  "authentication_error",
  "permission_error",
  "not_found_error",
  "rate_limit_error",
  "api_error",
];

describe("the table of codes", () => {
  it("gives the promised codes their promised statuses", () => {
    const promised: Partial<Record<ErrorCode, number>> = {
      AUTH_REQUIRED: 401,
      KEY_REVOKED: 401,
      INVALID_INPUT: 400,
      INVALID_CURSOR: 400,
      NOT_FOUND: 404,
      SKILL_NOT_INSTALLED: 400,
      MODEL_NOT_CONFIGURED: 400,
      INSUFFICIENT_CREDITS: 403,
      PERMISSION_REQUIRED: 403,
      TOOL_NOT_CONNECTED: 409,
      EXECUTION_RUNNING: 409,
      EXECUTION_FINISHED: 409,
      PAYLOAD_TOO_LARGE: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      STORE_UNAVAILABLE: 503,
      UPSTREAM_FAILED: 502,
      TIMEOUT: 504,
    };
    expect(ERRORS).toMatchObject(
      Object.fromEntries(Object.entries(promised).map(([code, status]) => [code, { status }])),
    );
  });

  it.each(Object.entries(ERRORS))("gives %s one of the six types, by its status", (_code, { status, type }) => {
    expect(TYPES).toContain(type);
    const own: Record<number, string> = {
      401: "authentication_error",
      403: "permission_error",
      404: "not_found_error",
      429: "rate_limit_error",
    };
    expect(type).toBe(own[status] ?? (status < 500 ? "invalid_request_error" : "api_error"));
  });
});

describe("an encoded error", () => {
  it("is nested, with type, sentence, code, request id and details", () => {
    const error = new AppError("INVALID_INPUT", "Give a slug.", {
      details: { issues: [1] },
      cause: new Error("secret"),
    });
    expect(encodeError(error, "req_1")).toEqual({
      error: {
        type: "invalid_request_error",
        message: "Give a slug.",
        code: "INVALID_INPUT",
        retryable: false,
        request_id: "req_1",
        details: { issues: [1] },
      },
    });
  });

  it("has no details where there are none", () => {
    const { error } = encodeError(new AppError("NOT_FOUND", "No."), "req_1");
    expect(error).not.toHaveProperty("details");
  });

  it("is flat for a missing permission, and says where to ask for it", () => {
    const error = new AppError("PERMISSION_REQUIRED", "It needs memory:write.", { details: { scope: "memory:write" } });
    expect(encodeError(error, "req_1")).toEqual({
      error: "PERMISSION_REQUIRED",
      message: "It needs memory:write.",
      scope: "memory:write",
      request_url: "/api/v1/agents/request-permission",
      retryable: true,
      request_id: "req_1",
    });
  });

  it("is flat for an app that is not connected", () => {
    expect(encodeError(new AppError("TOOL_NOT_CONNECTED", "Connect it."), "req_1")).toEqual({
      error: "TOOL_NOT_CONNECTED",
      message: "Connect it.",
      retryable: true,
      request_id: "req_1",
    });
  });

  it("is flat for nothing else", () => {
    const flat = (Object.keys(ERRORS) as ErrorCode[]).filter(
      (code) => typeof encodeError(new AppError(code, ""), "")["error"] === "string",
    );
    expect(flat.sort()).toEqual(["ACCESS_DENIED", "ACTIVATION_REQUIRED", "PERMISSION_REQUIRED", "TOOL_NOT_CONNECTED"]);
  });

  it("cannot have its form overwritten by details", () => {
    const details = { error: "OTHER", message: "other", request_id: "req_2", retryable: false };
    const encoded = encodeError(new AppError("PERMISSION_REQUIRED", "It needs more.", { details }), "req_1");
    expect(encoded).toMatchObject({ error: "PERMISSION_REQUIRED", message: "It needs more.", request_id: "req_1" });
  });
});

describe("an unknown throw", () => {
  it.each([
    [new Error("password=hunter2 at /home/me")],
    ["password=hunter2"],
    [undefined],
    [null],
    [{ code: "NOT_FOUND" }],
  ])("is INTERNAL with its text hidden and kept as the cause: %j", (thrown) => {
    const error = toAppError(thrown);
    expect(error).toMatchObject({ code: "INTERNAL", status: 500 });
    expect(error.cause).toBe(thrown);
    expect(JSON.stringify(encodeError(error, "req_1"))).not.toMatch(/hunter2|home/);
  });

  it("is passed on where it says itself what to do", () => {
    const error = new AppError("CONFLICT", "Try again.");
    expect(toAppError(error)).toBe(error);
  });
});

describe("a caller's text inside a sentence", () => {
  it.each([
    ["plain", '"plain"'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ["two\nlines\u2028three\u0000", '"two?lines?three?"'],
    ["\u001b[31mred\u202etxt.exe\u200b", '"?[31mred?txt.exe?"'],
    ["lone \ud800 half", '"lone ? half"'],
  ])("is quoted, on one line and without control characters: %j", (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });

  it("is cut after 80 characters", () => {
    expect(quote("x".repeat(80))).toBe(JSON.stringify("x".repeat(80)));
    expect(quote("x".repeat(5000))).toBe(JSON.stringify(`${"x".repeat(77)}...`));
  });

  it("names what was looked for and the tool that lists what exists", () => {
    expect(notFound("skill", "no\nsuch", "browse-marketplace")).toMatchObject({
      code: "NOT_FOUND",
      message: 'There is no skill "no?such" here; browse-marketplace shows those that exist.',
    });
  });
});
