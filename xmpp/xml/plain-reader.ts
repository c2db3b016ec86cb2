// Reads a whole element at a glance when it is written as almost all are: ASCII names without prefixes, attributes one space
// apart, no references but the predefined ones, no sections or comments, and far from every limit. It never refuses anything: what it does not take is
// the tokenizer's to read and to judge (element-builder.ts), and what it takes comes out as it would from there, which
// test/unit/xmpp/xml/plain-reader.test.ts compares. Knows nothing of streams or frames.
import { Element } from "@xmpp/xml";
import { noAttributes } from "./element.ts";
import type { XmlLimits } from "./limits.ts";

// The namespaces that may not be declared begin like this (Namespaces in XML 1.0 section 3); so do some that may.
const RESERVED = "http://www.w3.org/";
// Tab and line ends would become spaces; "&" begins a reference; the rest is no character of XML (section 2.2).
const NOT_PLAIN_IN_VALUE = /[^ -%'-;=-\uFFFD]/;
// ">" might end "]]>"; CR would become LF.
const NOT_PLAIN_IN_TEXT = /[^\t\n -%'-=?-\uFFFD]/;
// XML 1.0 section 4.6.
const REFERENCES = /&(?:amp|lt|gt|quot|apos);/g;
const REFERRED = new Map([
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&apos;", "'"],
]);
/** Deeper ones are not read here, so that recursion is bounded. */
const MAX_DEPTH = 24;

const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;

export class PlainReader {
  readonly #limits: XmlLimits;
  readonly #maxDepth: number;
  #text = "";
  #at = 0;
  #elements = 0;
  #ranOut = false;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
    this.#maxDepth = Math.min(MAX_DEPTH, limits.maxDepth);
  }

  /** Behind the element that was read last. */
  get end(): number {
    return this.#at;
  }

  /** Was the last element plain as far as it went, but the text ended before it? */
  get ranOut(): boolean {
    return this.#ranOut;
  }

  /**
   * The element that begins at `at`, if it is plain and whole; undefined otherwise. `namespace` is the default namespace
   * there; undefined: the element has to declare its own. `text` has no lone surrogates.
   */
  read(text: string, at: number, namespace: string | undefined): Element | undefined {
    this.#ranOut = false;
    if (text.charCodeAt(at) !== LESS) return undefined;
    this.#text = text;
    this.#at = at;
    this.#elements = 0;
    const element = this.#element(namespace, undefined, 1);
    this.#text = "";
    // No code unit takes more than three bytes; nor does the namespace that the normal form adds.
    const most = 3 * (this.#at - at + (namespace?.length ?? 0));
    return element === false || most > this.#limits.maxStanzaBytes ? undefined : element;
  }

  /** From its "<"; `namespace` is that of the parent, and so the default, or of the place of a top element. */
  #element(namespace: string | undefined, parent: Element | undefined, depth: number): Element | false {
    const text = this.#text;
    const nameAt = this.#at + 1;
    this.#at = endOfName(text, nameAt);
    if (this.#at === nameAt) return this.#stop(nameAt);
    if (depth > this.#maxDepth) return false;
    if (++this.#elements > this.#limits.maxElements) return false;
    const element = new Element(text.slice(nameAt, this.#at));
    const attrs = noAttributes();
    element.attrs = attrs;
    if (!this.#attributes(attrs)) return false;
    if (this.#at >= text.length) return this.#stop(this.#at);
    const own = attrs.xmlns ?? namespace;
    if (own === undefined) return false;
    // The normal form names a namespace where it changes, and on top.
    if (parent === undefined) attrs.xmlns = own;
    else if (own === namespace && attrs.xmlns !== undefined) delete attrs.xmlns;
    const next = text.charCodeAt(this.#at++);
    if (next === SLASH) return text.charCodeAt(this.#at++) === GREATER ? element : this.#stop(this.#at - 1);
    return next === GREATER && this.#content(element, own, depth) ? element : false;
  }

  /** Up to the "/" or ">" behind them. False when one is not plain. */
  #attributes(attrs: Element["attrs"]): boolean {
    const text = this.#text;
    for (let count = 1; text.charCodeAt(this.#at) === SPACE; count += 1) {
      const nameAt = this.#at + 1;
      const nameEnd = text.startsWith("xml:lang", nameAt) ? nameAt + 8 : endOfName(text, nameAt);
      const quote = text.charCodeAt(nameEnd + 1);
      if (nameEnd === nameAt || text.charCodeAt(nameEnd) !== EQUALS) return this.#stop(nameEnd);
      if (quote !== QUOTE && quote !== APOSTROPHE) return this.#stop(nameEnd + 1);
      const valueAt = nameEnd + 2;
      const valueEnd = text.indexOf(quote === QUOTE ? '"' : "'", valueAt);
      if (valueEnd === -1) return this.#endsIn(valueAt, NOT_PLAIN_IN_VALUE);
      if (count > this.#limits.maxAttributes) return false;
      const name = text.slice(nameAt, nameEnd);
      const value = decoded(text.slice(valueAt, valueEnd), NOT_PLAIN_IN_VALUE);
      if (value === undefined || attrs[name] !== undefined) return false;
      if (name === "xmlns" && !this.#isPlainNamespace(value)) return false;
      attrs[name] = value;
      this.#at = valueEnd + 1;
    }
    return true;
  }

  /** What stands at `at` is not what has to; nothing stands there when the text has ended. */
  #stop(at: number): false {
    this.#ranOut = at >= this.#text.length;
    return false;
  }

  /** The text ends within a value or between tags. */
  #endsIn(from: number, notPlain: RegExp): false {
    this.#ranOut = decoded(this.#text.slice(from), notPlain) !== undefined;
    return false;
  }

  #isPlainNamespace(value: string): boolean {
    if (value === "" || value.length > this.#limits.maxNamespaceLength) return false;
    if (!isInk(value.charCodeAt(0)) || !isInk(value.charCodeAt(value.length - 1))) return false;
    return !value.startsWith(RESERVED);
  }

  /** Children and text, to behind the end tag. */
  #content(element: Element, namespace: string, depth: number): boolean {
    const text = this.#text;
    for (;;) {
      const less = text.indexOf("<", this.#at);
      if (less === -1) return this.#endsIn(this.#at, NOT_PLAIN_IN_TEXT);
      if (less > this.#at) {
        const between = decoded(text.slice(this.#at, less), NOT_PLAIN_IN_TEXT);
        if (between === undefined) return false;
        element.children.push(between);
      }
      this.#at = less;
      if (text.charCodeAt(less + 1) === SLASH) {
        const end = less + 2 + element.name.length;
        this.#at = end + 1;
        if (end < text.length)
          return text.startsWith(element.name, less + 2) && text.charCodeAt(end) === GREATER;
        this.#ranOut = element.name.startsWith(text.slice(less + 2));
        return false;
      }
      const child = this.#element(namespace, element, depth + 1);
      if (child === false) return false;
      child.parent = element;
      element.children.push(child);
    }
  }
}

/** Behind the ASCII name that begins at `at`, without a colon; `at` itself when none does. */
function endOfName(text: string, at: number): number {
  let index = at;
  for (; ; index += 1) {
    // Letters in either case differ in one bit.
    const code = text.charCodeAt(index);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (isLetter || code === 0x5f) continue;
    // Digits, "-" and ".", but not in the beginning.
    if (index > at && ((code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e)) continue;
    return index;
  }
}

/** Is this an ASCII character that can be seen? */
function isInk(code: number): boolean {
  return code > SPACE && code < 0x7f;
}

/** What raw characters stand for; undefined when that is not plain to see. */
function decoded(raw: string, notPlain: RegExp): string | undefined {
  if (!notPlain.test(raw)) return raw;
  if (notPlain.test(raw.replace(REFERENCES, ""))) return undefined;
  return raw.replace(REFERENCES, (reference) => REFERRED.get(reference) ?? reference);
}
