import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { useAction } from "./action.js";

interface FormProps {
  readonly submit: () => Promise<unknown>;
  readonly button: string;
  readonly tone?: "strong" | "danger";
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
  /** Beside the button. */
  readonly beside?: ComponentChildren;
}

/** A form that the server answers; what it refuses is said below the fields. */
export function Form({ submit, button, tone = "strong", disabled = false, children, beside }: FormProps) {
  const { busy, failure, act } = useAction(submit);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void act();
      }}
    >
      {children}
      {failure && (
        <p class="notice bad" role="alert">
          {failure.message}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class={`button ${tone}`} disabled={disabled} aria-disabled={busy} aria-busy={busy}>
          {button}
        </button>
        {beside}
      </div>
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly hint?: string | undefined;
  readonly required?: boolean;
  readonly kind?: "text" | "email" | "password" | "number" | "area" | "search";
  readonly placeholder?: string;
  readonly autocomplete?: string;
  readonly maxLength?: number;
  readonly mono?: boolean;
}

/** What stands below a field and is read out with it. */
function Hint({ of, text }: { of: string; text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p class="hint" id={`${of}-hint`}>
      {text}
    </p>
  );
}

const describedBy = (id: string, hint: string | undefined) =>
  hint !== undefined && { "aria-describedby": `${id}-hint` };

/** A labelled text field. */
export function Field({ label, value, set, hint, kind = "text", mono = false, ...rest }: FieldProps) {
  const id = useId();
  const { required = false, placeholder, autocomplete = "off", maxLength } = rest;
  const shared = {
    id,
    value,
    required,
    autocomplete,
    class: mono ? "mono" : "",
    spellcheck: kind === "area",
    ...(placeholder !== undefined && { placeholder }),
    ...(maxLength !== undefined && { maxLength }),
    ...describedBy(id, hint),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {kind === "area" ? (
        <textarea {...shared} rows={6} onInput={(event) => set(event.currentTarget.value)} />
      ) : (
        // Preact's types want the kind known beforehand, for the roles that each may take.
        <input
          {...shared}
          {...({ type: kind } as { type: "text" })}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
      <Hint of={id} text={hint} />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly hint?: string | undefined;
}

/** A labelled choice of one. */
export function Choice({ label, value, set, options, hint }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => set(event.currentTarget.value)} {...describedBy(id, hint)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
      <Hint of={id} text={hint} />
    </div>
  );
}

const YES_OR_NO = [
  ["true", "Yes"],
  ["false", "No"],
] as const;

/** A question that must be answered with yes (`true`) or no (`false`), and has neither chosen beforehand. */
export function Decision(props: {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly hint?: string | undefined;
}) {
  const { label, value, set, hint } = props;
  const id = useId();
  return (
    <fieldset {...describedBy(id, hint)}>
      <legend>{label}</legend>
      {YES_OR_NO.map(([option, text]) => (
        <div class="check" key={option}>
          <input
            id={`${id}-${option}`}
            type="radio"
            name={id}
            required
            checked={value === option}
            onChange={() => set(option)}
          />
          <label for={`${id}-${option}`}>{text}</label>
        </div>
      ))}
      <Hint of={id} text={hint} />
    </fieldset>
  );
}

/** A labelled yes or no. */
export function Check(props: { label: string; checked: boolean; set: (checked: boolean) => void; hint?: string }) {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.set(event.currentTarget.checked)}
        {...describedBy(id, props.hint)}
      />
      <div>
        <label for={id}>{props.label}</label>
        <Hint of={id} text={props.hint} />
      </div>
    </div>
  );
}
