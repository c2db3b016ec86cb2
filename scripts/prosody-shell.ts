// A client of Prosody's admin socket (mod_admin_socket, mod_admin_shell of Prosody 0.12): what `prosodyctl shell` speaks,
// without the half second that starting it takes. A stream in the namespace xmpp:prosody.im/admin over a Unix socket;
// each <repl-input/> is answered by any number of <repl-output/> and one <repl-result/>.

import { connect } from "node:net";

const STREAM_OPEN =
  '<stream:stream xmlns="xmpp:prosody.im/admin" xmlns:stream="http://etherx.jabber.org/streams">';
const RESULT = /<repl-result\b([^>]*?)(?:\/>|>([\s\S]*?)<\/repl-result>)/;
const OUTPUT = /<repl-output\b[^>]*>([\s\S]*?)<\/repl-output>/g;

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescapeText(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}

/**
 * Runs one line in Prosody's admin shell, for example `user:create("alice@localhost", "secret")`; a line that begins
 * with `>` is Lua in Prosody's own environment.
 * @returns what the shell printed, the result line last
 * @throws when the socket cannot be reached or the shell answers with an error
 */
export async function prosodyShell(socketPath: string, line: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let received = "";
    socket.setEncoding("utf8");
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`Prosody's admin socket closed before answering: ${line}`)));
    socket.once("connect", () => socket.write(`${STREAM_OPEN}<repl-input>${escapeText(line)}</repl-input>`));
    socket.on("data", (chunk: string) => {
      received += chunk;
      const result = RESULT.exec(received);
      if (result === null) {
        return;
      }
      socket.end();
      const printed = [...received.matchAll(OUTPUT)].map((output) => unescapeText(output[1] ?? ""));
      const text = unescapeText(result[2] ?? "");
      if (/type=['"]error/.test(result[1] ?? "")) {
        reject(new Error(`Prosody's shell refused: ${text}`));
      } else {
        resolve([...printed, text].join("\n"));
      }
    });
  });
}
