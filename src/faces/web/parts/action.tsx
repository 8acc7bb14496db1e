import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Failure } from "../api.js";

interface ActionProps {
  /** What the button does; it cannot be pressed again meanwhile, and a `Failure` shows beside it. */
  readonly run: () => Promise<unknown>;
  readonly tone?: "plain" | "strong" | "danger" | "quiet";
  readonly disabled?: boolean;
  /** Where the visible words do not say which of many things is meant. */
  readonly label?: string;
  readonly children: ComponentChildren;
}

/** A button for something that the server does. */
export function Action({ run, tone = "plain", disabled = false, label, children }: ActionProps) {
  const { busy, failure, act } = useAction(run);
  return (
    <span class="action">
      <button
        type="button"
        class={`button ${tone}`}
        onClick={() => void act()}
        disabled={disabled}
        aria-disabled={busy}
        aria-busy={busy}
        {...(label !== undefined && { "aria-label": label })}
      >
        {children}
      </button>
      {failure && (
        <span class="action-failure" role="alert">
          {failure.message}
        </span>
      )}
    </span>
  );
}

/** One thing done at a time, and how the last try ended. */
export function useAction(run: () => Promise<unknown>) {
  const [state, setState] = useState<{ busy: boolean; failure?: Failure }>({ busy: false });
  const shown = useRef(true);
  const running = useRef(false);
  useEffect(() => {
    shown.current = true;
    return () => void (shown.current = false);
  }, []);
  const act = async (): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setState({ busy: true });
    let failure: Failure | undefined;
    try {
      await run();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      failure = thrown;
    } finally {
      running.current = false;
      if (shown.current) setState({ busy: false, ...(failure && { failure }) });
    }
  };
  return { ...state, act };
}
