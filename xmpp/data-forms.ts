/** Data Forms (XEP-0004): what this project writes and reads of them. */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

/** A field type is its shape for people (XEP-0004 section 3.3); without one a client takes it for a line of text. */
type FieldType =
  | "boolean"
  | "fixed"
  | "hidden"
  | "jid-single"
  | "list-single"
  | "text-multi"
  | "text-private"
  | "text-single";

export interface FormField {
  name: string;
  label?: string;
  type?: FieldType;
  /** Several only for text-multi: one a line. */
  value?: string | readonly string[];
  required?: boolean;
  /** Of list-single: value and label. */
  options?: readonly (readonly [value: string, label: string])[];
}

export interface FormTable {
  columns: readonly { name: string; label: string }[];
  /** Each with a value for each column, in order. */
  rows: readonly (readonly string[])[];
}

/** What a submitted form says: the values of each field that it has. */
export type FormValues = ReadonlyMap<string, readonly string[]>;

/** A form to be filled in. */
export function formToFill(title: string, instructions: string, fields: readonly FormField[]): Element {
  const head = [xml("title", {}, title), xml("instructions", {}, instructions)];
  return xml("x", { xmlns: NS.dataForms, type: "form" }, ...head, ...fields.map(fieldElement));
}

/** A form that tells something (XEP-0004 section 3.4 for the table). */
export function resultForm(title: string, fields: readonly FormField[], table?: FormTable): Element {
  const form = xml("x", { xmlns: NS.dataForms, type: "result" }, xml("title", {}, title));
  form.append(...fields.map(fieldElement));
  if (!table) return form;
  form.append(xml("reported", {}, ...table.columns.map(fieldElement)));
  for (const row of table.rows) {
    const cells = table.columns.map(({ name }, index) => fieldElement({ name, value: row[index] ?? "" }));
    form.append(xml("item", {}, ...cells));
  }
  return form;
}

/** The values of a form that was filled in; empty without a form. */
export function readForm(form: Element | undefined): FormValues {
  const values = new Map<string, readonly string[]>();
  for (const field of form?.getChildren("field") ?? []) {
    const name = field.attrs.var;
    if (name !== undefined) {
      values.set(
        name,
        field.getChildren("value").map((value) => value.getText()),
      );
    }
  }
  return values;
}

function fieldElement({ name, label, type, value = [], required, options = [] }: FormField): Element {
  const values = typeof value === "string" ? [value] : value;
  return xml(
    "field",
    { var: name, label, type },
    required === true ? xml("required") : undefined,
    ...values.map((text) => xml("value", {}, text)),
    ...options.map(([text, words]) => xml("option", { label: words }, xml("value", {}, text))),
  );
}
