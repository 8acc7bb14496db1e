import { ALL_SCOPES, isSensitive, READ_SCOPES, SENSITIVE_SCOPES } from "../../../core/scopes.js";
import { inWords } from "../scopes-in-words.js";
import { Check } from "./form.js";

/** What scopes allow, each in a sentence, the sensitive ones marked and first. */
export function ScopeList({ scopes }: { scopes: readonly string[] }) {
  const sorted = [...scopes].sort((one, other) => Number(isSensitive(other)) - Number(isSensitive(one)));
  return (
    <ul class="scopes">
      {sorted.map((scope) => (
        <li key={scope} class={isSensitive(scope) ? "sensitive" : ""}>
          <span>{inWords(scope) ?? "This server does not know this scope; deny it unless you do."}</span>
          <span class="scope-name">
            <code>{scope}</code>
            {isSensitive(scope) && <span class="tag">sensitive</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

interface PickerProps {
  readonly chosen: readonly string[];
  readonly set: (scopes: string[]) => void;
  /** What there is to choose from; everything by default. */
  readonly among?: readonly string[];
}

/** A choice of scopes: those that read, those that do more, and everything apart from both. */
export function ScopePicker({ chosen, set, among = ALL_SCOPES }: PickerProps) {
  const groups = [
    { title: "Only looks", scopes: READ_SCOPES },
    { title: "Changes, spends or reveals", scopes: SENSITIVE_SCOPES },
    { title: "Everything", scopes: ["*"] },
  ];
  const known = groups.flatMap(({ scopes }) => scopes);
  const strange = among.filter((scope) => !known.includes(scope));
  return (
    <div class="picker">
      {[...groups, { title: "Unknown", scopes: strange }].map(({ title, scopes }) => {
        const offered = scopes.filter((scope) => among.includes(scope));
        if (offered.length === 0) return undefined;
        return (
          <fieldset key={title}>
            <legend>{title}</legend>
            {offered.map((scope) => (
              <Check
                key={scope}
                label={inWords(scope) ?? "A scope this server does not know."}
                hint={scope}
                checked={chosen.includes(scope)}
                set={(on) => set(on ? [...chosen, scope] : chosen.filter((other) => other !== scope))}
              />
            ))}
          </fieldset>
        );
      })}
    </div>
  );
}
