// The strict core that both readers share: saxes events in, complete elements out, the first problem final.
// Refuses what XMPP forbids of XML: RFC 6120 sections 11.1 (comments, processing instructions, DTDs, entities),
// 11.3 (well-formedness), 11.5 (declaration) and 11.6 (UTF-8). Must not know what a stanza or a frame is.
import type { Element } from "@xmpp/xml";
import type { SaxesAttributeNSIncomplete, SaxesTagNS, XMLDecl } from "saxes";
import type { XmlLimits } from "./limits.ts";
import { problemOfSaxesMessage } from "./saxes-problem.ts";
import { elementOfTag } from "./tag-element.ts";
import type { StanzaTotals } from "./tag-element.ts";
import { Tokenizer } from "./tokenizer.ts";
import { xmlProblem } from "./xml-error.ts";
import type { XmlProblem } from "./xml-error.ts";

const COMMENT = xmlProblem("restricted-xml", "Comment");
const INSTRUCTION = xmlProblem("restricted-xml", "Processing instruction");
const DOCTYPE = xmlProblem("restricted-xml", "Document type declaration");
const ENCODING = xmlProblem("unsupported-encoding", "Encoding other than UTF-8");
const TOO_DEEP = xmlProblem("policy-violation", "Elements nested too deeply");
const TOO_MANY_ATTRIBUTES = xmlProblem("policy-violation", "Too many attributes on one element");
const LONG_NAMESPACE = xmlProblem("policy-violation", "Namespace name too long");

// Thrown out of a saxes handler and caught around its write(): saxes has no other way to be stopped, and left running
// it would fill memory with the rest of what was refused. One instance, so that stopping costs no stack trace.
const STOP = new Error("XML reading stopped");

/** What a reader does at the top level. A returned problem ends the reading. */
interface TopLevel {
  /** The root's start tag, when the root is an endless stream; absent when the root is itself the element. */
  readonly onOpen?: (header: Element, contentNamespace: string) => XmlProblem | undefined;
  /** A complete element. It may have to be taken back: see `ElementBuilder.lastWasMisclosed`. */
  readonly onElement: (element: Element) => XmlProblem | undefined;
  /** Character data between the elements of an open stream, white space included; called after the `<` that ends it. */
  readonly onText?: () => XmlProblem | undefined;
  /** A CDATA section between the elements of an open stream. */
  readonly onSection?: () => XmlProblem | undefined;
  /** The root's end tag, when the root is a stream. */
  readonly onClose?: () => void;
}

/** Builds elements from chunks of text. After `problem` is set it must not be written to. */
export class ElementBuilder {
  /** The first problem, which is final. */
  problem: XmlProblem | undefined;
  /** The last completed element (or the stream) turned out to be closed by the end tag of another name. */
  lastWasMisclosed = false;

  private readonly parser = new Tokenizer();
  private readonly limits: XmlLimits;
  private readonly top: TopLevel;
  private readonly totals: StanzaTotals = { elements: 0, addedUnits: 0 };
  /** Namespaces of the open elements, the outermost first. */
  private readonly namespaces: string[] = [];
  private cursor: Element | null = null;
  private opened = false;
  private closed = false;
  private attributes = 0;
  private completedAt = -1;

  constructor(limits: XmlLimits, top: TopLevel) {
    this.limits = limits;
    this.top = top;
    this.opened = top.onOpen === undefined;
    this.parser.on("opentag", (tag) => this.onOpenTag(tag));
    this.parser.on("closetag", () => this.onCloseTag());
    this.parser.on("text", (text) => this.onText(text, this.top.onText));
    this.parser.on("cdata", (text) => this.onText(text, this.top.onSection));
    this.parser.on("attribute", (attribute) => this.onAttribute(attribute));
    this.parser.on("xmldecl", (declaration) => this.onDeclaration(declaration));
    this.parser.on("comment", () => this.fail(COMMENT));
    this.parser.on("processinginstruction", () => this.fail(INSTRUCTION));
    this.parser.on("doctype", () => this.fail(DOCTYPE));
    this.parser.on("error", (error) => this.onError(error));
  }

  /** Code units read so far; inside a handler, those up to the end of the markup that it is called for. */
  get position(): number {
    return this.parser.position;
  }

  /** Reads a chunk, which may be split anywhere but inside a surrogate pair. */
  write(chunk: string): void {
    this.run(chunk);
  }

  /** Says that no more will come; a problem if the root element is missing or incomplete. */
  end(): void {
    this.run(null);
  }

  private run(chunk: string | null): void {
    try {
      this.parser.write(chunk);
    } catch (thrown) {
      if (thrown !== STOP) throw thrown;
    }
  }

  private fail(problem: XmlProblem): never {
    // What follows the end of the stream is not read, unless it was no end after all.
    if (!this.closed || this.lastWasMisclosed) this.problem = problem;
    throw STOP;
  }

  private onError(error: Error): void {
    // saxes reports an element as closed before it compares the names, without moving on in between.
    this.lastWasMisclosed = this.parser.position === this.completedAt;
    this.fail(problemOfSaxesMessage(error.message));
  }

  private onDeclaration({ encoding }: XMLDecl): void {
    if (encoding !== undefined && encoding.toLowerCase() !== "utf-8") this.fail(ENCODING);
  }

  private onAttribute({ name, prefix, value }: SaxesAttributeNSIncomplete): void {
    // At once and not with the tag, since saxes would gather any number of them before it reports the tag.
    if (++this.attributes > this.limits.maxAttributes) this.fail(TOO_MANY_ATTRIBUTES);
    if (value.length > this.limits.maxNamespaceLength && (prefix === "xmlns" || name === "xmlns")) {
      this.fail(LONG_NAMESPACE);
    }
  }

  private onOpenTag(tag: SaxesTagNS): void {
    this.attributes = 0;
    const { cursor, namespaces } = this;
    if (cursor === null) this.totals.elements = this.totals.addedUnits = 0;
    if (namespaces.length >= this.limits.maxDepth) this.fail(TOO_DEEP);
    const element = elementOfTag(tag, namespaces.at(-1), this.totals, this.limits);
    if ("condition" in element) this.fail(element);
    if (!this.opened) {
      this.opened = true;
      const problem = this.top.onOpen?.(element, tag.ns[""] ?? "");
      if (problem !== undefined) this.fail(problem);
      return;
    }
    if (cursor !== null) {
      cursor.children.push(element);
      element.parent = cursor;
    }
    this.cursor = element;
    namespaces.push(tag.uri);
  }

  private onCloseTag(): void {
    const { cursor } = this;
    if (cursor === null) {
      this.completedAt = this.parser.position;
      this.closed = true;
      this.top.onClose?.();
      return;
    }
    this.namespaces.pop();
    this.cursor = cursor.parent;
    if (cursor.parent !== null) return;
    this.completedAt = this.parser.position;
    const problem = this.top.onElement(cursor);
    if (problem !== undefined) this.fail(problem);
  }

  private onText(text: string, onTop: TopLevel["onText"]): void {
    const { cursor } = this;
    if (cursor === null) {
      // Outside of the root, saxes itself refuses all but white space.
      const problem = this.opened ? onTop?.() : undefined;
      if (problem !== undefined) this.fail(problem);
      return;
    }
    if (text === "") return;
    const last = cursor.children.length - 1;
    const before = cursor.children[last];
    // Text around a CDATA section arrives in pieces; one run of text is one child.
    if (typeof before === "string") cursor.children[last] = before + text;
    else cursor.children.push(text);
  }
}
