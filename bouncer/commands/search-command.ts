/** The command `search`: looks for words in the log (SEARCH). */
import { type FormValues, formToFill, resultForm } from "../../xmpp/data-forms.ts";
import { readSearch } from "../search/asking.ts";
import type { SearchHit, SearchQuery, SearchResult } from "../search/search.ts";
import type { AskStage, Command, Stage } from "./command.ts";

/** As much as a person reads at once. */
const PAGE = 25;

const COLUMNS = [
  { name: "at", label: "When" },
  { name: "who", label: "Who" },
  { name: "text", label: "Message" },
];

interface Facts {
  search(query: SearchQuery): SearchResult;
  stamp(atMs: number): string;
  parse(stamp: string): number;
}

export function searchCommand(facts: Facts): Command {
  return {
    node: "search",
    name: "Search all conversations",
    begin: () => askForWords(facts),
  };
}

function askForWords(facts: Facts): AskStage {
  const help = `All of the words have to be in a message. "Words in quotes" stand next to each other; hol* is the beginning of a word.`;
  return {
    type: "ask",
    isLast: true,
    form: formToFill("Search the log", help, [
      { name: "words", label: "Words", type: "text-single", required: true },
      { name: "with", label: "Only with this contact or room", type: "jid-single" },
      { name: "since", label: "Since (2026-01-31)", type: "text-single" },
      { name: "until", label: "Until (2026-01-31)", type: "text-single" },
      { name: "before", label: "Before this number (to go on)", type: "text-single" },
    ]),
    submit: (values) => submit(facts, values),
  };
}

function submit(facts: Facts, values: FormValues): Stage | { type: "refused"; text: string } {
  const said = (name: string): string => values.get(name)?.[0]?.trim() ?? "";
  const asking = { words: said("words"), with: said("with"), since: said("since"), until: said("until") };
  const read = readSearch(asking, (stamp) => facts.parse(stamp));
  if (!read.ok) return { type: "refused", text: read.text };
  const before = said("before") === "" ? Number.POSITIVE_INFINITY : Number(said("before"));
  if (Number.isNaN(before)) return { type: "refused", text: "That is not a number." };
  const { hits, next, sealed } = facts.search({ ...read.value, before, count: PAGE });
  const rows = hits.map((hit) => [facts.stamp(hit.atMs), whoSaid(hit), hit.excerpt]);
  const fields = [
    { name: "found", label: "Found", type: "text-single", value: foundWords(hits.length, next) },
    ...(next === undefined
      ? []
      : [{ name: "next", label: "To go on, before", type: "text-single", value: String(next) } as const]),
    ...(sealed === 0
      ? []
      : [
          {
            name: "encrypted",
            label: "Not searched",
            type: "text-single",
            value: sealedWords(sealed),
          } as const,
        ]),
  ] as const;
  return { type: "done", form: resultForm("Found in the log", fields, { columns: COLUMNS, rows }) };
}

function whoSaid({ sent, peer, nick }: SearchHit): string {
  if (nick !== undefined) return `${nick} in ${peer}`;
  return sent ? `you to ${peer}` : peer;
}

function foundWords(count: number, next: number | undefined): string {
  const messages = count === 1 ? "1 message" : `${count} messages`;
  return next === undefined ? messages : `${messages}, and there may be more`;
}

function sealedWords(count: number): string {
  return count === 1
    ? "1 encrypted message, into which search cannot see"
    : `${count} encrypted messages, into which search cannot see`;
}
