// MAM-2 to MAM-5: the log as the account's archive, where the server has none.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../../support/account-world.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  ALL,
  AT,
  HISTORY,
  MAM,
  ONE,
  OURS,
  THREE,
  TWO,
  asks,
  chat,
  error,
  field,
  fin,
  form,
  page,
  result,
  set,
} from "./archive-words.ts";

const QUERIES: [what: string, query: string, results: string[], answer: string][] = [
  ["everything", "", ALL, fin(page("$a", "$c", 0, 3))],
  ["the first page", set("<max>2</max>"), [ONE, TWO], fin(page("$a", "$b", 0, 3), "")],
  ["the next page", set("<max>2</max><after>$b</after>"), [THREE], fin(page("$c", "$c", 2, 3))],
  ["what is after the last", set("<after>$c</after>"), [], fin("<count>3</count>")],
  ["the last page", set("<max>2</max><before/>"), [TWO, THREE], fin(page("$b", "$c", 1, 3), "")],
  ["the page before", set("<max>2</max><before>$b</before>"), [ONE], fin(page("$a", "$a", 0, 3))],
  [
    "the last page, flipped",
    `${set("<max>2</max><before/>")}<flip-page/>`,
    [THREE, TWO],
    fin(page("$b", "$c", 1, 3), ""),
  ],
  ["everything, flipped", "<flip-page/>", ALL.toReversed(), fin(page("$a", "$c", 0, 3))],
  ["by position", set("<max>1</max><index>1</index>"), [TWO], fin(page("$b", "$b", 1, 3), "")],
  ["beyond the last position", set("<index>3</index>"), [], fin("<count>3</count>")],
  ["the count alone", set("<max>0</max>"), [], fin("<count>3</count>", "")],
  ["one contact", form(field("with", "bob@example.org")), [ONE, THREE], fin(page("$a", "$c", 0, 2))],
  [
    "one contact, page two",
    form(field("with", "BOB@example.org")) + set("<max>1</max><after>$a</after>"),
    [THREE],
    fin(page("$c", "$c", 1, 2)),
  ],
  ["a resource", form(field("with", "carol@example.org/b")), [TWO], fin("<first>$b</first><last>$b</last>")],
  ["another resource", form(field("with", "carol@example.org/c")), [], fin("")],
  ["a stranger", form(field("with", "eve@example.org")), [], fin("<count>0</count>")],
  ["from a time on", form(field("start", AT.first)), [TWO, THREE], fin(page("$b", "$c", 0, 2))],
  ["until a time", form(field("end", AT.second)), [ONE, TWO], fin(page("$a", "$b", 0, 2))],
  [
    "between times",
    form(field("start", AT.first), field("end", AT.second)),
    [TWO],
    fin(page("$b", "$b", 0, 1)),
  ],
  [
    "between ids",
    form(field("after-id", "$a"), field("before-id", "$c")),
    [TWO],
    fin(page("$b", "$b", 0, 1)),
  ],
  ["by ids", form(field("ids", "$c", "$a")), [ONE, THREE], fin(page("$a", "$c", 0, 2))],
  [
    "by ids of one contact",
    form(field("ids", "$c", "$b"), field("with", "bob@example.org")),
    [THREE],
    fin(page("$c", "$c", 0, 1)),
  ],
];

const REFUSED: [what: string, query: string, type: string, condition: string][] = [
  ["after an unknown id", set("<after>nonsense</after>"), "cancel", "item-not-found"],
  ["before an unknown id", set("<before>1-AAAAAAAAAAAA</before>"), "cancel", "item-not-found"],
  ["from an unknown id on", form(field("after-id", "2-AAAAAAAAAAAA")), "cancel", "item-not-found"],
  ["up to an unknown id", form(field("before-id", "x")), "cancel", "item-not-found"],
  ["an unknown id among known ones", form(field("ids", "$a", "$a0")), "cancel", "item-not-found"],
  [
    "a position among resources",
    form(field("with", "bob@example.org/a")) + set("<index>1</index>"),
    "cancel",
    "feature-not-implemented",
  ],
  [
    "an unknown field",
    form(field("{http://example.com/}free-text-search", "Juliet")),
    "cancel",
    "feature-not-implemented",
  ],
  ["nonsense", form(field("start", "noon")), "modify", "bad-request"],
];

describe("MAM-2 the log is the archive where the server has none", () => {
  it.each(QUERIES)("MAM-3 MAM-4 %s", async (_what, query, results, answer) => {
    await playPolicy([...HISTORY, ...asks(query, results, answer)], OURS);
  });

  it.each(REFUSED)("MAM-3 MAM-4 %s: refused", async (_what, query, type, condition) => {
    await playPolicy([...HISTORY, ...asks(query, [], error(type, condition))], OURS);
  });

  it("MAM-2 results carry the asker's query id, and go to the asker only", async () => {
    await playPolicy(
      [
        ...HISTORY,
        { attach: "alice/two" },
        ...asks(
          set("<max>1</max>"),
          [result("$a", chat(1), ' queryid="f27"')],
          fin(page("$a", "$a", 0, 3), ""),
          ' queryid="f27"',
        ),
        { rule: "MAM-2", because: "1 messages of the archive, to who asked for them", to: ["alice/one"] },
        { silent: "alice/two" },
      ],
      OURS,
    );
  });

  it("MAM-4 a page has fifty messages, 250 at most, and no more than a million characters", async () => {
    const world = new AccountWorld(OURS);
    for (let n = 0; n < 300; n += 1) world.upstreamSends(chat(n));
    const count = (query: string): number => {
      world.attach("alice/counts", "counts");
      world.send("alice/counts", `<iq type="set" id="q"><query xmlns="${MAM}">${query}</query></iq>`);
      let results = 0;
      while (world.next("alice/counts")?.startsWith("<message")) results += 1;
      world.leave("alice/counts");
      return results;
    };
    expect(count("")).toBe(50);
    expect(count(set("<max>1000</max>"))).toBe(250);
    for (let n = 0; n < 3; n += 1)
      world.upstreamSends(chat(n, `eve${n}@example.org`).replace("<body>", `<body>${"x".repeat(400_000)}`));
    expect(count(set("<before/>"))).toBe(2);
  });

  it("MAM-5 the archive's form, its ends, and its preferences", async () => {
    await playPolicy(
      [
        { attach: "alice/one" },
        { from: "alice/one", send: `<iq type="get" id="q" to="$bare"><metadata xmlns="${MAM}"/></iq>` },
        { to: "alice/one", expect: `<iq type="result" id="q" from="$bare"><metadata xmlns="${MAM}"/></iq>` },
        ...HISTORY.slice(1),
        { from: "alice/one", send: `<iq type="get" id="q"><metadata xmlns="${MAM}"/></iq>` },
        {
          to: "alice/one",
          expect: `<iq type="result" id="q"><metadata xmlns="${MAM}"><start id="$a" timestamp="$_"/><end id="$c" timestamp="$_"/></metadata></iq>`,
        },
        { from: "alice/one", send: `<iq type="get" id="q"><prefs xmlns="${MAM}"/></iq>` },
        {
          to: "alice/one",
          expect: `<iq type="result" id="q"><prefs xmlns="${MAM}" default="always"><always/><never/></prefs></iq>`,
        },
        {
          from: "alice/one",
          send: `<iq type="set" id="q"><prefs xmlns="${MAM}" default="always"><always/><never/></prefs></iq>`,
        },
        {
          to: "alice/one",
          expect: `<iq type="result" id="q"><prefs xmlns="${MAM}" default="always"><always/><never/></prefs></iq>`,
        },
        {
          from: "alice/one",
          send: `<iq type="set" id="q"><prefs xmlns="${MAM}" default="roster"><always/><never/></prefs></iq>`,
        },
        { to: "alice/one", expect: error("cancel", "feature-not-implemented") },
        {
          from: "alice/one",
          send: `<iq type="set" id="q"><prefs xmlns="${MAM}" default="always"><never><jid>eve@example.org</jid></never></prefs></iq>`,
        },
        { to: "alice/one", expect: error("cancel", "feature-not-implemented") },
        { from: "alice/one", send: `<iq type="get" id="q"><query xmlns="${MAM}"/></iq>` },
        {
          to: "alice/one",
          expect:
            `<iq type="result" id="q"><query xmlns="${MAM}"><x xmlns="jabber:x:data" type="form"><field type="hidden" var="FORM_TYPE"><value>${MAM}</value></field>` +
            `<field type="jid-single" var="with"/><field type="text-single" var="start"/><field type="text-single" var="end"/>` +
            `<field type="text-single" var="before-id"/><field type="text-single" var="after-id"/><field type="list-multi" var="ids">` +
            `<validate xmlns="http://jabber.org/protocol/xdata-validate" datatype="xs:string"><open/></validate></field>` +
            `<field type="boolean" var="include-groupchat"/></x></query></iq>`,
        },
        { upstream: "silent" },
      ],
      OURS,
    );
  });

  it("MAM-3 what was said in rooms is there for whoever asks for it", async () => {
    const said = `<message xmlns="jabber:client" from="room@muc.example.org/bob" to="$full" type="groupchat" id="g1"><body>all</body></message>`;
    await playPolicy(
      [
        { attach: "alice/one" },
        { upstream: "sends", xml: said },
        { to: "alice/one", expect: said },
        ...asks("", [], fin("<count>0</count>")),
        ...asks(form(field("include-groupchat", "false")), [], fin("<count>0</count>")),
        ...asks(form(field("include-groupchat", "true")), [result("$g", said)], fin(page("$g", "$g", 0, 1))),
        ...asks(
          form(field("include-groupchat", "1"), field("with", "room@muc.example.org")),
          [result("$g", said)],
          fin(page("$g", "$g", 0, 1)),
        ),
      ],
      OURS,
    );
  });

  it("MAM-2 the archive is there without a session, and after the process has died, under the same ids", async () => {
    const world = new AccountWorld(OURS);
    const script: Script = [
      ...HISTORY,
      { upstream: "lost", reason: "gone" },
      ...asks(set("<max>1</max>"), [ONE], fin(page("$a", "$a", 0, 3), "")),
      { proxy: "restarts" },
      { resumes: "alice/one" },
      ...asks(set("<max>1</max><after>$a</after>"), [TWO], fin(page("$b", "$b", 1, 3), "")),
    ];
    await play(script, world);
  });
});
