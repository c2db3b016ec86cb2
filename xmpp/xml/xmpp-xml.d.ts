// Types for the part of @xmpp/xml 0.14 (ltx 3.1) that this project uses; the package ships none.
declare module "@xmpp/xml" {
  export type Node = Element | string;

  export class Element {
    constructor(name: string, attrs?: Record<string, string | undefined>);
    name: string;
    parent: Element | null;
    children: Node[];
    attrs: Record<string, string | undefined>;
    is(name: string, xmlns?: string): boolean;
    getName(): string;
    getNS(): string | undefined;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildText(name: string, xmlns?: string): string | null;
    getChildElements(): Element[];
    getText(): string;
    append(...nodes: Node[]): void;
    cnode(child: Element): Element;
    t(text: string): this;
    remove(child: Element): this;
  }

  export default function xml(
    name: string,
    attrs?: Record<string, string | undefined> | string,
    ...children: (Node | undefined | null)[]
  ): Element;
}
