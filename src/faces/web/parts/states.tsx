import type { ComponentChildren } from "preact";
import type { Failure } from "../api.js";
import type { Loaded } from "../loading.js";
import { Action } from "./action.js";

/** Says that something is on its way; invisible for the first moment, so that quick answers do not flicker. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {what}…
    </p>
  );
}

/** A failure as a sentence, with a way to try again. */
export function Failed({ failure, retry }: { failure: Failure; retry?: () => Promise<unknown> }) {
  // What is not allowed here is no fault, and no second try brings it.
  const forbidden = failure.code === "ACCESS_DENIED";
  return (
    <div class={`notice ${forbidden ? "plain" : "bad"}`} role={forbidden ? "status" : "alert"}>
      <p>{failure.message}</p>
      {retry && !forbidden && <Action run={retry}>Try again</Action>}
    </div>
  );
}

/** Shows what was loaded, or how it stands with it. */
export function When<T>(props: {
  loaded: Loaded<T>;
  reload: () => Promise<unknown>;
  what?: string;
  children: (value: T) => ComponentChildren;
}) {
  const { loaded, reload, what, children } = props;
  if (loaded.state === "loading") return <Loading {...(what !== undefined && { what })} />;
  if (loaded.state === "failed") return <Failed failure={loaded.failure} retry={reload} />;
  return <>{children(loaded.value)}</>;
}

/** A place where there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Something worth knowing that is no failure. */
export function Notice({ tone = "plain", children }: { tone?: "plain" | "good" | "bad"; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role="status">
      {children}
    </div>
  );
}
