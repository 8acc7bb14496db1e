import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { z } from "zod";
import { jsonIn } from "../../core/decoding.js";
import { AppError, quote } from "../../core/errors.js";
import { visible } from "../../core/visible.js";

/** What `login` works with; `print` writes a line to the person. */
export interface LoginCommand {
  /** Where keys are kept, by the server that they are for. */
  readonly file: string;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What a terminal is shown: one line without characters that act on it, whatever server wrote it. */
const line = z
  .string()
  .max(2000)
  .transform((text) => visible(text).replaceAll(/\s+/g, " "));

const begun = z.object({
  device_code: z.string(),
  user_code: line,
  verification_url_complete: line,
  expires_in: z.number().min(1).max(86_400),
  interval: z.number().min(1).max(600),
});

const polled = z.object({
  status: z.enum(["pending", "slow_down", "completed", "denied", "expired"]),
  api_key: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/)
    .optional(),
});

/** Seconds that `slow_down` adds to the interval (RFC 8628, section 3.5). */
const SLOWER_SECONDS = 5;

const REFUSED: Readonly<Record<string, string>> = {
  denied: "The person denied this device, so there is no key; run the command again to ask again.",
  expired: "Nobody approved this device in time; run the command again.",
  completed: "The key of this device was given out already; run the command again.",
};

/** Gets a key of a server through its page, and keeps it in a file that only this user reads. */
export async function login(
  command: LoginCommand,
  { server, label }: { readonly server: string; readonly label: string },
): Promise<void> {
  const { print, signal } = command;
  const url = addressOf(server);
  const device = await post(url, "activate", { client_label: label }, begun, signal);
  print(`Open ${device.verification_url_complete}`);
  print(`and approve the code ${device.user_code}.`);
  const key = await poll(url, device, signal);
  await keep(command.file, url, key);
  print(`The key for ${url} is in ${command.file}.`);
}

function addressOf(server: string): string {
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
    throw new AppError("INVALID_INPUT", `--server takes the address of a server, not ${quote(server)}.`);
  return server.replace(/\/+$/, "");
}

async function poll(url: string, device: z.output<typeof begun>, signal: AbortSignal): Promise<string> {
  const until = Date.now() + device.expires_in * 1000;
  let interval = device.interval;
  while (Date.now() < until) {
    await sleep(interval * 1000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw stopped();
    const answer = await post(url, "activate/poll", { device_code: device.device_code }, polled, signal).catch(
      (thrown: unknown) => {
        // A server that is away for a moment is asked again, less often (RFC 8628, section 3.5).
        if (!(thrown instanceof AppError && thrown.code === "STORE_UNAVAILABLE")) throw thrown;
        return { status: "slow_down", api_key: undefined } as const;
      },
    );
    const { status, api_key: key } = answer;
    if (key !== undefined) return key;
    if (status === "slow_down") interval += SLOWER_SECONDS;
    else if (status !== "pending") throw new AppError("ACCESS_DENIED", REFUSED[status] ?? "This device has no key.");
  }
  throw new AppError("ACCESS_DENIED", REFUSED["expired"] ?? "");
}

async function post<T>(url: string, path: string, body: object, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const headers = { "content-type": "application/json" };
  const answer = await request(`${url}/api/v1/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    signal,
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
  }).catch((cause: unknown) => {
    if (signal.aborted) throw stopped();
    throw new AppError("STORE_UNAVAILABLE", `${url} does not answer; is the server running, and the address right?`, {
      cause,
    });
  });
  const json = await answer.body.json().catch(() => undefined);
  const parsed = schema.safeParse(json);
  if (answer.statusCode === 200 && parsed.success) return parsed.data;
  if (signal.aborted) throw stopped();
  const said = z.object({ error: z.object({ message: line }) }).safeParse(json);
  const why = said.success ? said.data.error.message : `it answered with status ${answer.statusCode}`;
  const passes = answer.statusCode === 429 || answer.statusCode >= 500;
  throw new AppError(passes ? "STORE_UNAVAILABLE" : "UPSTREAM_FAILED", `${url} did not go along: ${why}`);
}

function stopped(): AppError {
  return new AppError("CANCELLED", "Stopped; this device has no key.");
}

/** Adds the key to those in the file, written whole or not at all. */
async function keep(file: string, url: string, key: string): Promise<void> {
  const kept = z.record(z.string(), z.string());
  const text = await readFile(file, "utf8").catch(() => "{}");
  const before = kept.safeParse(jsonIn(text));
  if (!before.success) throw new AppError("INVALID_INPUT", `${file} holds no keys; move it away and run this again.`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${JSON.stringify({ ...before.data, [url]: key }, undefined, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, file);
}
