import { ERRORS, toAppError, type AppError, type ErrorCode } from "../../core/errors.js";

/** Numbers of JSON-RPC and MCP errors. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  server: -32000,
  sessionNotFound: -32001,
  resourceNotFound: -32002,
  cancelled: -32800,
} as const;

/** An error that the SDK sends as it is: a number, a sentence, our stable code and the request's id. */
export class RpcError extends Error {
  readonly data: {
    readonly code: ErrorCode | "METHOD_NOT_FOUND";
    readonly request_id: string;
    /** The address that was not found: how clients of 2026-07-28 tell it from other bad parameters. */
    readonly uri?: string;
  };

  constructor(
    readonly code: number,
    message: string,
    requestId: string,
    stable: ErrorCode | "METHOD_NOT_FOUND" = "INVALID_INPUT",
    uri?: string,
  ) {
    super(message);
    this.name = "RpcError";
    this.data = { code: stable, request_id: requestId, ...(uri !== undefined && { uri }) };
  }
}

/** Any throw of a prompt or resource as JSON-RPC has it; what is unknown keeps its text to itself. */
export function toRpcError(thrown: unknown, requestId: string, uri?: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  const error = toAppError(thrown);
  const missing = error.code === "NOT_FOUND" && typeof uri === "string" ? uri.slice(0, 2048) : undefined;
  return new RpcError(rpcNumber(error), error.message, requestId, error.code, missing);
}

function rpcNumber(error: AppError): number {
  if (error.code === "NOT_FOUND") return RPC.resourceNotFound;
  if (error.code === "INTERNAL") return RPC.internal;
  return ERRORS[error.code].status === 400 ? RPC.invalidParams : RPC.server;
}

/** The stable code of an error that an SDK made. */
export function stableCodeOf(rpc: number): ErrorCode | "METHOD_NOT_FOUND" {
  if (rpc === RPC.methodNotFound) return "METHOD_NOT_FOUND";
  return rpc === RPC.internal ? "INTERNAL" : "INVALID_INPUT";
}
