// Incremental reader of one XML stream (RFC 6120 section 4): chunks of text in, header, elements and end out.
// Must not know what the elements mean. A restart of the stream (after TLS or SASL) needs a new reader.
import type { Element } from "@xmpp/xml";
import { exceeds, indexOfLoneSurrogate, skipWhiteSpace, utf8Length } from "./characters.ts";
import { ElementBuilder } from "./element-builder.ts";
import type { XmlLimits } from "./limits.ts";
import { PlainReader } from "./plain-reader.ts";
import { xmlProblem } from "./xml-error.ts";
import type { XmlProblem } from "./xml-error.ts";

/** What a stream says, in order; nothing follows a `close` or a `problem`. */
export type StreamEvent =
  /** The header without children; `contentNamespace` is its default namespace (section 4.8.2), "" if none. */
  | { readonly type: "open"; readonly header: Element; readonly contentNamespace: string }
  /** A complete first-level child. */
  | { readonly type: "element"; readonly element: Element }
  /** `otherUri`: where to go on, as a frame can say (RFC 7395 section 3.6.1). */
  | { readonly type: "close"; readonly otherUri?: string }
  | { readonly type: "problem"; readonly problem: XmlProblem };

const STREAMS = "http://etherx.jabber.org/streams";

const NOT_A_STREAM = xmlProblem("bad-format", "Root element other than stream");
const WRONG_NAMESPACE = xmlProblem("invalid-namespace", "Stream header in another namespace");
const STRAY_TEXT = xmlProblem("bad-format", "Text between the elements of the stream");
const ILLEGAL = xmlProblem("not-well-formed", "Character that XML 1.0 does not allow");
const TOO_LONG = xmlProblem("policy-violation", "Stanza too large");

/** Reads one stream from its header to its end. */
export class StreamReader {
  private readonly maxBytes: number;
  private readonly builder: ElementBuilder;
  private readonly plain: PlainReader;
  /** The stream's default namespace. */
  private contentNamespace = "";
  private events: StreamEvent[] = [];
  private ended = false;
  /** First half of a surrogate pair that ended the last chunk. */
  private half = "";
  /** The beginning of an element that may turn out plain: what ended the last chunk, kept for the next one only. */
  private held = "";
  private started = false;
  /** Only white space has come since the header or the last element. */
  private between = false;
  /** UTF-8 bytes of the incomplete element (or header) in earlier chunks. */
  private bytesBefore = 0;
  private chunk = "";
  /** Code units read before the current chunk. */
  private chunkAt = 0;
  /** Where in the current chunk the incomplete element begins, or the white space before it. */
  private begin = 0;

  constructor(limits: XmlLimits) {
    this.maxBytes = limits.maxStanzaBytes;
    this.plain = new PlainReader(limits);
    this.builder = new ElementBuilder(limits, {
      onOpen: (header, contentNamespace) => this.onOpen(header, contentNamespace),
      onElement: (element) => this.onElement(element),
      onText: () => this.onText(),
      onSection: () => STRAY_TEXT,
      onClose: () => this.onClose(),
    });
  }

  /**
   * Reads the next chunk and returns what it completed, in order. Chunks may end anywhere, inside a surrogate pair
   * too. They must not have been decoded with byte order mark removal (section 11.6 makes U+FEFF a character).
   * After a `close` or a `problem` every chunk is ignored.
   */
  write(chunk: string): StreamEvent[] {
    if (this.ended) return [];
    const events: StreamEvent[] = (this.events = []);
    const whole = this.takeWholeCharacters(chunk);
    if (whole === "") return events;
    const text = this.held + whole;
    // Looked at twice at most: a stanza in many pieces is the tokenizer's.
    const mayHold = this.held === "";
    this.held = "";
    if (!this.started) {
      this.started = true;
      // saxes would drop it as a byte order mark; as a character it is text before the header (section 11.6).
      if (text.startsWith("\uFEFF")) return this.refuse(ILLEGAL);
    }
    const lone = indexOfLoneSurrogate(text);
    this.read(lone === -1 ? text : text.slice(0, lone), mayHold);
    if (lone !== -1 && !this.ended) this.refuse(ILLEGAL);
    return events;
  }

  /** Has something come that is neither complete nor white space between elements? */
  get hasIncomplete(): boolean {
    return this.half !== "" || this.held !== "" || this.bytesBefore > 0;
  }

  private takeWholeCharacters(chunk: string): string {
    let text = this.half === "" ? chunk : this.half + chunk;
    this.half = "";
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.half = text.slice(-1);
      text = text.slice(0, -1);
    }
    return text;
  }

  /** Element by element: what is plain at a glance, the rest by the tokenizer, to where an element may end. */
  private read(text: string, mayHold: boolean): void {
    let at = 0;
    while (at < text.length && !this.ended) {
      if (this.between) {
        at = skipWhiteSpace(text, at);
        const element = this.plain.read(text, at, this.contentNamespace);
        if (element) {
          this.events.push({ type: "element", element });
          at = this.plain.end;
          continue;
        }
        if (this.plain.ranOut && (mayHold || at > 0) && 3 * (text.length - at) <= this.maxBytes) {
          this.held = text.slice(at);
          return;
        }
      }
      const end = text.indexOf(">", at) + 1 || text.length;
      this.tokenize(at === 0 && end === text.length ? text : text.slice(at, end));
      at = end;
    }
  }

  private tokenize(text: string): void {
    // Keepalive white space (section 4.6.1) never reaches saxes, which would gather it until the next tag.
    const from = this.between ? skipWhiteSpace(text) : 0;
    if (from === text.length) return;
    if (this.between && text[from] !== "<") {
      this.refuse(STRAY_TEXT);
      return;
    }
    const { builder } = this;
    this.between = false;
    this.begin = 0;
    this.chunk = from === 0 ? text : text.slice(from);
    builder.write(this.chunk);
    this.chunkAt += this.chunk.length;
    if (builder.problem !== undefined) {
      if (builder.lastWasMisclosed) this.events.pop();
      this.refuse(builder.problem);
    } else if (!this.ended) {
      this.settle();
    }
    this.chunk = "";
  }

  /** Accounts for what the chunk left incomplete. */
  private settle(): void {
    const { chunk } = this;
    if (this.between) {
      const at = skipWhiteSpace(chunk, this.begin);
      if (at === chunk.length) return;
      // saxes reports text only when a tag follows it, which may never come.
      if (chunk[at] !== "<") {
        this.refuse(STRAY_TEXT);
        return;
      }
      // `begin` is there already: saxes has reported what lies before the "<".
      this.between = false;
    }
    this.bytesBefore += utf8Length(chunk, this.begin);
    if (this.bytesBefore > this.maxBytes) this.refuse(TOO_LONG);
  }

  private refuse(problem: XmlProblem): StreamEvent[] {
    this.ended = true;
    this.events.push({ type: "problem", problem });
    return this.events;
  }

  /** Ends the byte count of a header or element at the current position. */
  private complete(): XmlProblem | undefined {
    const end = this.builder.position - this.chunkAt;
    if (exceeds(this.maxBytes, this.bytesBefore, this.chunk, this.begin, end)) return TOO_LONG;
    this.bytesBefore = 0;
    this.begin = end;
    this.between = true;
    return undefined;
  }

  private onOpen(header: Element, contentNamespace: string): XmlProblem | undefined {
    if (header.attrs.xmlns !== STREAMS) return WRONG_NAMESPACE;
    if (header.name !== "stream") return NOT_A_STREAM;
    this.contentNamespace = contentNamespace;
    const problem = this.complete();
    if (problem === undefined) this.events.push({ type: "open", header, contentNamespace });
    return problem;
  }

  private onElement(element: Element): XmlProblem | undefined {
    const problem = this.complete();
    if (problem === undefined) this.events.push({ type: "element", element });
    return problem;
  }

  private onText(): XmlProblem | undefined {
    // The characters themselves decide, not what references in them stand for. The "<" has just been read.
    const at = skipWhiteSpace(this.chunk, this.begin);
    if (at < this.builder.position - this.chunkAt - 1) return STRAY_TEXT;
    this.begin = at;
    return undefined;
  }

  private onClose(): void {
    this.ended = true;
    this.events.push({ type: "close" });
  }
}
