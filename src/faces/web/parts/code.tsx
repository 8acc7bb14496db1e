import { useState } from "preact/hooks";
import { Field, Form } from "./form.js";

/** What people type as XXXX-XXXX, however they type it; undefined where it is no such code. */
export function readCode(text: string): string | undefined {
  const letters = text.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
  return letters.length === 8 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : undefined;
}

interface CodeFormProps {
  readonly label: string;
  readonly hint: string;
  readonly button: string;
  readonly take: (code: string) => void;
}

/** Asks for a code XXXX-XXXX. */
export function CodeForm({ label, hint, button, take }: CodeFormProps) {
  const [text, setText] = useState("");
  const code = readCode(text);
  return (
    <Form
      submit={async () => {
        if (code !== undefined) take(code);
      }}
      button={button}
      disabled={code === undefined}
    >
      <Field
        label={label}
        hint={hint}
        value={text}
        set={setText}
        placeholder="XXXX-XXXX"
        maxLength={16}
        required
        mono
      />
    </Form>
  );
}
