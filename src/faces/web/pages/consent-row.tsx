import type { ComponentChildren } from "preact";
import type { Consent } from "../types.js";

/** A request for permission as a row that leads to it; what stands at its side is the list's business. */
export function ConsentRow({ consent, children }: { readonly consent: Consent; readonly children: ComponentChildren }) {
  return (
    <a class="row" href={`/approvals?code=${encodeURIComponent(consent.link_code)}`}>
      <span class="row-main">
        <strong>{consent.agent_display_name}</strong>
        <span class="row-note">
          with {consent.key ? `the key ${consent.key.name}` : "the owner’s key"} · {consent.scopes.join(", ")}
        </span>
      </span>
      <span class="row-side">{children}</span>
    </a>
  );
}
