// The saxes 6 tokenizer as this project sets it up: namespaces on, XML 1.0 whatever the peer declares, and fast.
// Knows nothing of elements. Handlers are still set with `on`, as saxes documents it.
import { SaxesParser } from "saxes";

const OPTIONS = {
  xmlns: true,
  position: false,
  // A declaration of version 1.1 would otherwise admit control characters (RFC 6120 section 11.5 wants 1.0).
  defaultXMLVersion: "1.0",
  forceXMLVersion: true,
} as const;

type Options = typeof OPTIONS;

// The public half of the class, so that the fields below may bear the names of its private ones.
const PublicParser: new (options: Options) => Pick<SaxesParser<Options>, keyof SaxesParser<Options>> =
  SaxesParser;

/** saxes with our options; `write(null)` ends the document. */
export class Tokenizer extends PublicParser {
  // `on` adds its handlers under computed names. V8 turns an object that grows by more than a few of those into a
  // dictionary, and parsing becomes five times slower. Fields that exist beforehand avoid it; they are not used here,
  // and would be without effect if saxes named its own differently.
  protected openTagHandler = undefined;
  protected closeTagHandler = undefined;
  protected textHandler = undefined;
  protected cdataHandler = undefined;
  protected attributeHandler = undefined;
  protected xmldeclHandler = undefined;
  protected commentHandler = undefined;
  protected piHandler = undefined;
  protected doctypeHandler = undefined;
  protected errorHandler = undefined;

  constructor() {
    super(OPTIONS);
  }
}
