// Gathers the chat page into web/dist, which wrangler serves as static assets: our own files from web/src (types
// stripped), and from the npm package converse.js what its bundle loads at run time, all below /converse/. Run by
// wrangler before dev and deploy (wrangler.toml [build]); must stay fast.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SOURCE = here("./src");
const DIST = here("./dist");
const CONVERSE = join(fileURLToPath(import.meta.resolve("converse.js")), "..");

// Everything that a running page asks for. Left out: source maps, the unminified bundle, the promotional website.
const CONVERSE_FILES = [
  "converse.min.js",
  "converse.min.css",
  "emoji.json",
  "images",
  "sounds",
  "webfonts",
  "chunkjs",
  "libomemo.esm.min.js",
];

// OMEMO's cryptography. Converse looks for it beside the script element that loads the bundle, and without one (we
// import the bundle when somebody logs in) beside the page.
const CONVERSE_WASM = "curve25519_compiled.wasm";

function copyConverse(): void {
  const target = join(DIST, "converse");
  for (const name of CONVERSE_FILES) {
    cpSync(join(CONVERSE, name), join(target, name), {
      recursive: true,
      filter: (path) => !path.endsWith(".map"),
    });
  }
  cpSync(join(CONVERSE, CONVERSE_WASM), join(DIST, CONVERSE_WASM));
}

/** TypeScript in, the same module for a browser out; import specifiers follow. */
function toJavaScript(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"');
}

function copyOwnFiles(): void {
  for (const name of readdirSync(SOURCE)) {
    if (name.endsWith(".d.ts")) {
      continue;
    }
    const path = join(SOURCE, name);
    if (name.endsWith(".ts")) {
      const target = join(DIST, name.replace(/\.ts$/, ".js"));
      writeFileSync(target, toJavaScript(readFileSync(path, "utf8")));
    } else {
      cpSync(path, join(DIST, name), { recursive: true });
    }
  }
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST, { recursive: true });
copyConverse();
copyOwnFiles();
