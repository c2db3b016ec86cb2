// What the policy asks by itself, as it comes out upstream.

/** What the policy asks for by itself on each new session, unless a test is about that. */
export const BOOKMARKS = /^<iq [^>]*type="get".*(?:urn:xmpp:bookmarks:1|storage:bookmarks)/;

/** Our own question: a client's would carry its mark. */
export const ARCHIVE =
  /^<iq [^>]*type="get" id="id-\d+"><query xmlns="http:\/\/jabber.org\/protocol\/disco#info"\/><\/iq>$/;

/** The same of a room. */
export const ROOM_ARCHIVE =
  /^<iq [^>]*type="get" to="([^"/]+@[^"/]+)" id="id-\d+"><query xmlns="http:\/\/jabber.org\/protocol\/disco#info"\/><\/iq>$/;
