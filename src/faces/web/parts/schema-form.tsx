import { useState } from "preact/hooks";
import { Failure } from "../api.js";
import type { FieldSchema } from "../types.js";
import { Check, Choice, Decision, Field, Form } from "./form.js";

/** The longest text, in characters, that is comfortable to write on one line. */
const ONE_LINE = 200;

type Values = Readonly<Record<string, string | boolean>>;

interface SchemaFormProps {
  readonly schema: FieldSchema;
  readonly button: string;
  readonly submit: (data: Record<string, unknown>) => Promise<unknown>;
}

/** A form from a JSON Schema of an object: a field for each simple property, JSON for the others. */
export function SchemaForm({ schema, button, submit }: SchemaFormProps) {
  const properties = Object.entries(schema.properties ?? {});
  const isRequired = (name: string) => schema.required?.includes(name) ?? false;
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(properties.map(([name, field]) => [name, startOf(field, isRequired(name))])),
  );
  const send = async () => {
    const given = properties.flatMap(([name, field]) => {
      const value = read(field, name, values[name] ?? "", isRequired(name));
      return value === undefined ? [] : [[name, value] as const];
    });
    await submit(Object.fromEntries(given));
  };
  return (
    <Form submit={send} button={button}>
      {properties.map(([name, field]) => {
        const value = values[name] ?? "";
        const set = (next: string | boolean) => setValues((before) => ({ ...before, [name]: next }));
        const label = `${field.title ?? name.replaceAll(/[_-]/g, " ")}${isRequired(name) ? "" : " (optional)"}`;
        const hint = field.description;
        if (isDecision(field, isRequired(name))) {
          return <Decision key={name} label={label} value={String(value)} set={set} hint={hint} />;
        }
        if (field.type === "boolean") {
          return (
            <Check
              key={name}
              label={field.title ?? name}
              checked={value === true}
              set={set}
              {...(hint !== undefined && { hint })}
            />
          );
        }
        if (field.enum) {
          const options = field.enum.map((option) => [String(option), String(option)] as const);
          const all = isRequired(name) ? options : [["", "Leave out"] as const, ...options];
          return <Choice key={name} label={label} value={String(value)} set={set} options={all} hint={hint} />;
        }
        return (
          <Field
            key={name}
            label={label}
            value={String(value)}
            set={set}
            required={isRequired(name)}
            {...(field.maxLength !== undefined && { maxLength: field.maxLength })}
            kind={isNumber(field) ? "number" : isLong(field) ? "area" : "text"}
            hint={
              isJson(field)
                ? `${hint ?? ""} Write it as JSON, such as ${JSON.stringify(exampleOf(field))}.`.trim()
                : isLines(field)
                  ? `${hint ?? ""} One a line.`.trim()
                  : hint
            }
          />
        );
      })}
    </Form>
  );
}

const isNumber = ({ type }: FieldSchema) => type === "number" || type === "integer";
const isLines = ({ type, items }: FieldSchema) => type === "array" && items?.type === "string";
const isJson = (field: FieldSchema) => !isLines(field) && (field.type === "array" || field.type === "object");
const isLong = (field: FieldSchema) =>
  isJson(field) || isLines(field) || (field.format === undefined && (field.maxLength ?? Infinity) > ONE_LINE);
/** What must be said either way is never said by leaving a box as it was. */
const isDecision = ({ type, default: usual }: FieldSchema, required: boolean) =>
  type === "boolean" && required && usual === undefined;

/** A value of the schema's form, with each thing's name in its place. */
function exampleOf({ type, items, properties, enum: options }: FieldSchema, name = "text"): unknown {
  if (type === "array") return [exampleOf(items ?? {})];
  if (type !== "object") return options?.[0] ?? (type === "number" || type === "integer" ? 1 : name);
  return Object.fromEntries(Object.entries(properties ?? {}).map(([key, field]) => [key, exampleOf(field, key)]));
}

function startOf(field: FieldSchema, required: boolean): string | boolean {
  if (field.type === "boolean" && !isDecision(field, required)) return field.default === true;
  if (field.default === undefined) return "";
  return typeof field.default === "string" ? field.default : JSON.stringify(field.default);
}

function read(field: FieldSchema, name: string, value: string | boolean, required: boolean): unknown {
  if (typeof value === "boolean") return value;
  if (value === "" && !required) return undefined;
  if (field.type === "boolean") return value === "true";
  if (isNumber(field)) return Number(value);
  if (isLines(field)) return value.split("\n").filter((line) => line.trim() !== "");
  if (field.enum) return field.enum.find((option) => String(option) === value);
  if (!isJson(field)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw new Failure("INVALID_INPUT", 0, `The field "${name}" is no JSON; check its quotes and commas.`, name);
  }
}
