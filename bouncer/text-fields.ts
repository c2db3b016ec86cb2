/** Several fields in one text of a store. Knows nothing of what they mean; what it cannot read is no field. */

/** Undefined fields come back undefined. */
export function joinFields(...fields: (string | undefined)[]): string {
  return JSON.stringify(fields.map((field) => field ?? null));
}

/** What joinFields() wrote. */
export function splitFields(text: string): (string | undefined)[] {
  const fields: unknown = JSON.parse(text);
  if (!Array.isArray(fields)) return [];
  return fields.map((field: unknown) => (typeof field === "string" ? field : undefined));
}
