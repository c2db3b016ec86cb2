// The small questions about trees.
import xml from "@xmpp/xml";
import { describe, expect, it } from "vitest";
import { childElements, clone, namespaceOf } from "../../../../xmpp/xml/element.ts";
import { frameElement, linked, tree, unowned } from "./support.ts";

describe("elements", () => {
  const outer = frameElement("<a xmlns='u' __proto__='1'>x<b><c xmlns=''><d/></c></b>y<e/></a>");
  const b = outer.getChild("b");
  const c = b?.getChild("c");
  const d = c?.getChild("d");
  if (b === undefined || c === undefined || d === undefined) throw new Error("incomplete tree");

  it("XML-21 namespaceOf finds the nearest declaration, an empty one too", () => {
    expect([outer, b, c, d].map(namespaceOf)).toEqual(["u", "u", "", ""]);
    expect(namespaceOf(xml("a"))).toBe("");
  });

  it("XML-21 childElements leaves the text out", () => {
    expect(childElements(outer).map(({ name }) => name)).toEqual(["b", "e"]);
    expect(childElements(d)).toEqual([]);
  });

  it("XML-21 clone is deep, keeps every attribute and has no parent", () => {
    const copy = clone(outer);
    expect(tree(copy)).toEqual(tree(outer));
    expect(copy.parent).toBe(null);
    expect(linked(copy)).toBe(true);
    expect(unowned(copy.attrs)).toEqual([]);
    copy.getChild("b")?.append("more");
    copy.attrs.id = "1";
    expect(outer.attrs.id).toBe(undefined);
    expect(b.children).toHaveLength(1);
  });

  it("XML-21 clone of a child keeps the namespace that the child inherits", () => {
    expect(tree(clone(b))).toEqual(["b", [["xmlns", "u"]], ["c", [["xmlns", ""]], ["d", []]]]);
    expect(tree(clone(d))).toEqual(["d", [["xmlns", ""]]]);
    expect(clone(xml("presence")).attrs.xmlns).toBe(undefined);
  });
});
