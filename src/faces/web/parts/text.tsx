import { useEffect, useState } from "preact/hooks";

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

/** How long ago, or how far ahead, in words. */
function inWords(at: number): string {
  const seconds = (at - Date.now()) / 1000;
  const found = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  if (!found)
    return Math.abs(seconds) < 45
      ? seconds > 0
        ? "in a moment"
        : "just now"
      : relative.format(Math.round(seconds / 60), "minute");
  return relative.format(Math.round(seconds / found[1]), found[0]);
}

/** A point in time, relative to now and kept so, with the exact time on hover. */
export function Time({ at }: { at: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const clock = setInterval(() => tick((count) => count + 1), 30_000);
    return () => clearInterval(clock);
  }, []);
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  return (
    <time dateTime={at} title={exact.format(date)}>
      {inWords(date.getTime())}
    </time>
  );
}

/** Bytes as people write them. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Milliseconds as people write them. */
export function durationInWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** An amount of credits. */
export function creditsInWords(amount: number): string {
  return amount === 1 ? "1 credit" : `${amount} credits`;
}

const TONES: Readonly<Record<string, string>> = {
  completed: "good",
  granted: "good",
  connected: "good",
  active: "good",
  running: "busy",
  queued: "busy",
  paused: "wait",
  suspended: "wait",
  pending: "wait",
  awaiting_agent: "wait",
  failed: "bad",
  denied: "bad",
  refused: "bad",
  revoked: "bad",
};

const WORDS: Readonly<Record<string, string>> = {
  awaiting_agent: "waits for its agent",
  paused: "waits",
  suspended: "waits",
  not_connected: "not connected",
  unreadable: "unreadable",
};

/** A state as a word with a mark whose colour only repeats it. */
export function Status({ is }: { is: string }) {
  return <span class={`status ${TONES[is] ?? "plain"}`}>{WORDS[is] ?? is.replaceAll("_", " ")}</span>;
}

/** A text to take elsewhere, with a button that copies it. */
export function CopyText({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    // Clipboard access needs a secure address; the text stays selectable where there is none.
    await navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div class="copy">
      <code tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>
        {text}
      </code>
      <button type="button" class="button plain" onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
      </button>
      <span class="unseen" role="status">
        {copied ? "Copied." : ""}
      </span>
    </div>
  );
}
