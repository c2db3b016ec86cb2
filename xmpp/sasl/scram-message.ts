// The syntax that SCRAM's messages share (RFC 5802 5.1 and 7).
// Must not know: who sends which message, keys.

/** One "a=value" of a message. */
interface ScramAttribute {
  readonly name: string;
  readonly value: string;
}

/**
 * The attributes of a message in their order, or undefined when it is no list of them. An attribute that comes twice is
 * refused as well: two readers could disagree which one counts.
 */
export function parseAttributes(text: string): ScramAttribute[] | undefined {
  const attributes = text.split(",").map((part) => ({ name: part.slice(0, 1), value: part.slice(2), part }));
  const isWellFormed = attributes.every(({ part }) => /^[A-Za-z]=./su.test(part) && !part.includes("\0"));
  const isUnambiguous = new Set(attributes.map(({ name }) => name)).size === attributes.length;
  return isWellFormed && isUnambiguous ? attributes.map(({ name, value }) => ({ name, value })) : undefined;
}

/**
 * The values of the attributes that a message must begin with, in this order, or undefined when it does not. Further
 * attributes are optional extensions and passed over (RFC 5802 5.1).
 */
export function valuesInOrder(attributes: readonly ScramAttribute[], names: string): string[] | undefined {
  const head = attributes.slice(0, names.length);
  return head.map(({ name }) => name).join("") === names ? head.map(({ value }) => value) : undefined;
}

/** Whether the sender demands an extension that has to be understood: there is none to understand (RFC 5802 5.1, "m"). */
export function demandsExtension(attributes: readonly ScramAttribute[]): boolean {
  return attributes.some(({ name }) => name === "m");
}

/** Whether a nonce has only printable characters, no space, no comma, and is not empty. */
export function isNonce(text: string): boolean {
  return /^[!-+\--~]+$/.test(text);
}

/** A name as it stands in a message: "=" and "," are escaped. */
export function escapeSaslname(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** The name behind a saslname, or undefined when it is empty or has a "=" that begins neither "=2C" nor "=3D". */
export function unescapeSaslname(text: string): string | undefined {
  if (text === "" || /=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll("=2C", ",").replaceAll("=3D", "=");
}
