// docs/SPEC.md and the tests agree on which rules there are: each is named by a test, and no test names one that is not.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A text that is the first argument of a call, with more behind it, or a row's title: so names of tests are written. */
const NAME = /[([]\s*(?:"((?:[^"\\\n]|\\.)*)"|`([^`]*)`)\s*,/g;
/** What a scenario calls itself (test/scenarios). */
const TITLE = /\btitle:\s*"([^"]*)"/g;

const rules = [
  ...readFileSync(join(ROOT, "docs/SPEC.md"), "utf8").matchAll(/^- \*\*([A-Z]\w*-\d+)\*\*/gm),
].map(([, id = ""]) => id);

/** The names of all tests, as far as they are literal, and where they stand. */
function testNames(): { file: string; name: string }[] {
  const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, "test", file), "utf8");
      return [...text.matchAll(NAME), ...text.matchAll(TITLE)].map(([, quoted, ticked]) => ({
        file,
        name: quoted ?? ticked ?? "",
      }));
    });
}

it("each rule of the specification has one id", () => {
  expect(rules.length).toBeGreaterThan(200);
  expect(rules.filter((id, index) => rules.indexOf(id) !== index)).toEqual([]);
});

it("each rule of the specification is named by a test", () => {
  const named = new Set(testNames().flatMap(({ name }) => name.match(/\b[A-Z]\w*-\d+\b/g) ?? []));
  expect(rules.filter((id) => !named.has(id))).toEqual([]);
});

it("no test names a rule that the specification does not have", () => {
  const known = new Set(rules);
  const groups = new Set(rules.map((id) => id.slice(0, id.lastIndexOf("-"))));
  const unknown = testNames().flatMap(({ file, name }) =>
    (name.match(/(?<![\w-])[A-Z]\w*-\d+\b(?!-)/g) ?? [])
      .filter((id) => groups.has(id.slice(0, id.lastIndexOf("-"))) && !known.has(id))
      .map((id) => `${id} in ${file}`),
  );
  expect(unknown).toEqual([]);
});
