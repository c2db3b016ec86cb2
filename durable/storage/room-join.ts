/** MUC-15: presence with the password of a room (XEP-0045 section 7.2.6), as serialize() writes it, told apart and stored without it. */

const PASSWORD = /<password>[^<]*<\/password>/g;
const TAKEN_OUT = "<password/>";

/** Of a stanza that is to be stored: the same without the password, if it has one. */
export function withoutPassword(stanza: string): string {
  return isPresence(stanza) ? stanza.replace(PASSWORD, TAKEN_OUT) : stanza;
}

/** Was it stored so, by a process that is gone? */
export function lacksPassword(stanza: string): boolean {
  return isPresence(stanza) && stanza.includes(TAKEN_OUT);
}

function isPresence(stanza: string): boolean {
  return stanza.startsWith("<presence");
}
