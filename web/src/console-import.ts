// Taking conversations along: an export is read part by part, sent part by part, and in the end it is said what became of it.

import type { Ask } from "./console-ask.ts";
import { make, makeButton, makeField, makeInput, makeSection, replace, type Section } from "./console-dom.ts";
import { count } from "./console-words.ts";
import { type FilePart, partsOf } from "./file-parts.ts";

/** Refusals shown one by one. */
const MAX_SHOWN = 50;

interface Refusal {
  readonly line: number;
  readonly reason: string;
}

/** POST log: of one part, or of all so far. */
interface Outcome {
  readonly imported: number;
  readonly duplicates: number;
  readonly rejected: readonly Refusal[];
  readonly rejections: number;
}

/** What was said instead of an outcome, and what to do. */
type Sent = { ok: true; outcome: Outcome } | { ok: false; text: string };

const NOTHING: Outcome = { imported: 0, duplicates: 0, rejected: [], rejections: 0 };
const REPEAT =
  "What was taken stays, and nothing is taken twice: to go on, choose the same file and import it again.";

async function send(ask: Ask, { body, firstLine }: FilePart): Promise<Sent> {
  if (!body) {
    const rejected = [{ line: firstLine, reason: "It is too long for a message." }];
    return { ok: true, outcome: { ...NOTHING, rejected, rejections: 1 } };
  }
  const answer = await ask<Outcome>("log", "json", "POST", body);
  if (!answer.ok) {
    return { ok: false, text: answer.isFinal ? answer.text : `Not finished: ${answer.text} ${REPEAT}` };
  }
  // The part's second line is this one of the file.
  const rejected = answer.value.rejected.map(({ line, reason }) => ({ line: line + firstLine - 2, reason }));
  return { ok: true, outcome: { ...answer.value, rejected } };
}

function add(one: Outcome, other: Outcome): Outcome {
  return {
    imported: one.imported + other.imported,
    duplicates: one.duplicates + other.duplicates,
    rejected: [...one.rejected, ...other.rejected].slice(0, MAX_SHOWN),
    rejections: one.rejections + other.rejections,
  };
}

function inWords({ imported, duplicates, rejections }: Outcome): string {
  return [
    `${count(imported, "message")} taken`,
    `${duplicates} already here`,
    `${count(rejections, "line")} refused.`,
  ].join(", ");
}

function listOf({ rejected, rejections }: Outcome): HTMLElement | undefined {
  if (rejected.length === 0) {
    return undefined;
  }
  const items = rejected.map(({ line, reason }) =>
    make("li", "entry", make("span", "", `Line ${line}`), make("span", "", reason)),
  );
  const more = rejections - rejected.length;
  if (more > 0) {
    items.push(make("li", "quiet", `And ${count(more, "more line")}.`));
  }
  return make("ul", "list refusals", ...items);
}

/** Sends the file; `onProgress` hears of each part, and says whether to go on. */
async function sendFile(
  ask: Ask,
  file: File,
  onProgress: (outcome: Outcome, throughByte: number) => boolean,
): Promise<string> {
  let outcome = NOTHING;
  let isExport = false;
  try {
    for await (const part of partsOf(file)) {
      isExport = true;
      const sent = await send(ask, part);
      if (!sent.ok) {
        return sent.text;
      }
      outcome = add(outcome, sent.outcome);
      if (!onProgress(outcome, part.throughByte) && part.throughByte < file.size) {
        return `Stopped at your wish. ${REPEAT}`;
      }
    }
  } catch {
    return `Not finished: the file cannot be read any more. ${REPEAT}`;
  }
  return isExport ? "Finished." : "This is not a file that was saved with all there is.";
}

export function importSection(ask: Ask): Section {
  const input = makeInput({ type: "file", accept: ".jsonl,application/jsonl" });
  const progress = document.createElement("progress");
  const said = make("p", "quiet");
  said.setAttribute("role", "status");
  const counted = make("p", "");
  const refusals = make("div", "");
  let isWanted = false;
  const body = make("div", "");

  const run = async (file: File): Promise<void> => {
    isWanted = true;
    button.textContent = "Stop";
    input.disabled = true;
    progress.max = file.size;
    progress.value = 0;
    progressField.hidden = false;
    said.textContent = "Importing. You can use the rest of this page meanwhile, but do not leave it.";
    replace(counted);
    replace(refusals);
    const end = await sendFile(ask, file, (outcome, throughByte) => {
      progress.value = throughByte;
      counted.textContent = inWords(outcome);
      replace(refusals, listOf(outcome));
      // Whoever has logged out does not want it any more.
      return isWanted && body.isConnected;
    });
    said.textContent = end;
    isWanted = false;
    button.textContent = "Import";
    input.disabled = false;
    progressField.hidden = true;
    renew();
  };
  const button = makeButton("Import", "button", () => {
    const file = input.files?.[0];
    if (isWanted) {
      isWanted = false;
      button.disabled = true;
    } else if (file) {
      void run(file);
    }
  });
  const renew = (): void => {
    button.disabled = input.files?.length !== 1;
  };
  input.addEventListener("change", renew);
  renew();
  const progressField = make("label", "field", "Progress");
  progressField.append(progress);
  progressField.hidden = true;
  const words =
    "Takes in what another deployment has saved with all there is (JSON Lines), of any size. What is here already is not taken twice.";
  body.append(
    make("p", "quiet", words),
    make("div", "fields", makeField("File", input), button),
    progressField,
    said,
    counted,
    refusals,
  );
  return { root: makeSection("Import conversations", body) };
}
