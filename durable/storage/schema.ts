/**
 * The object's tables, as a list of migrations that is only ever appended to (docs/storage.md describes each table).
 * A migrations table counts them, since the platform has no `PRAGMA user_version`.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE credential (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);
   CREATE TABLE outbound (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, stanza TEXT NOT NULL);
   CREATE TABLE upstream (id INTEGER PRIMARY KEY CHECK (id = 1), sm_id TEXT, location TEXT,
     full_jid TEXT NOT NULL, handled INTEGER NOT NULL, acknowledged INTEGER NOT NULL);
   CREATE TABLE client_session (id TEXT PRIMARY KEY, token_hash TEXT NOT NULL, device TEXT NOT NULL,
     carbons INTEGER NOT NULL, interested INTEGER NOT NULL, presence TEXT, last_active_ms INTEGER NOT NULL,
     full_jid TEXT NOT NULL, handled INTEGER NOT NULL, detached_at_ms INTEGER) WITHOUT ROWID;
   CREATE TABLE client_queue (seq INTEGER PRIMARY KEY, stanza TEXT NOT NULL, recipients TEXT NOT NULL);
   CREATE TABLE contact_presence (address TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, stanza TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE directed_presence (address TEXT PRIMARY KEY, holders TEXT NOT NULL, stanza TEXT NOT NULL) WITHOUT ROWID;`,
  // Rows of client_queue are written over: they are numbered anew, densely, and know their place in the log.
  `CREATE TABLE client_queue_2 (slot INTEGER PRIMARY KEY, stanza TEXT NOT NULL, recipients TEXT NOT NULL, log_seq INTEGER);
   INSERT INTO client_queue_2 (slot, stanza, recipients)
     SELECT row_number() OVER (ORDER BY seq), stanza, recipients FROM client_queue;
   DROP TABLE client_queue;
   ALTER TABLE client_queue_2 RENAME TO client_queue;`,
  // What the policy remembers in short texts.
  `CREATE TABLE policy_text (topic TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (topic, key)) WITHOUT ROWID;`,
  // What a client says of its state (XEP-0352).
  `ALTER TABLE client_session ADD COLUMN active INTEGER NOT NULL DEFAULT 1;`,
  // The log, and how far each device has got in it.
  `CREATE TABLE log (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, sent INTEGER NOT NULL, room INTEGER NOT NULL,
     peer TEXT NOT NULL, device TEXT, message_id TEXT, stanza_id TEXT, stanza TEXT NOT NULL);
   CREATE TABLE log_peer (peer TEXT NOT NULL, last INTEGER NOT NULL, seqs TEXT NOT NULL,
     PRIMARY KEY (peer, last)) WITHOUT ROWID;
   CREATE TABLE device (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, since INTEGER NOT NULL, position INTEGER,
     first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL) WITHOUT ROWID;`,
  // Servers without Stream Management: what was handed over and never confirmed, and who had sent it.
  `ALTER TABLE outbound ADD COLUMN sender TEXT;
   ALTER TABLE upstream ADD COLUMN handed_over INTEGER;
   CREATE TABLE undelivered (seq INTEGER PRIMARY KEY, stanza TEXT NOT NULL, sender TEXT, reason TEXT NOT NULL);`,
  // Rooms that the account is in, and who else is.
  `CREATE TABLE room (jid TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE room_occupants (jid TEXT NOT NULL, chunk INTEGER NOT NULL, occupants TEXT NOT NULL,
     PRIMARY KEY (jid, chunk)) WITHOUT ROWID;`,
  // Tokens of clients (XEP-0484), and how often was guessed wrong from where.
  `CREATE TABLE client_token (device TEXT NOT NULL, slot TEXT NOT NULL, check_hash TEXT NOT NULL, answer TEXT NOT NULL,
     expires_ms INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (device, slot)) WITHOUT ROWID;
   CREATE TABLE login_address (address TEXT PRIMARY KEY, failures INTEGER NOT NULL, since_ms INTEGER NOT NULL,
     succeeded_ms INTEGER NOT NULL) WITHOUT ROWID;`,
  // Words of the log: documents of several messages each, which messages those are, and how far the log is indexed. What is
  // being deleted of it.
  `CREATE VIRTUAL TABLE log_text USING fts5(words, content='', contentless_delete=1,
     tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co M*'");
   CREATE TABLE log_doc (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, batch INTEGER NOT NULL, peer TEXT NOT NULL, min_ms INTEGER NOT NULL,
     max_ms INTEGER NOT NULL, sealed INTEGER NOT NULL, seqs TEXT NOT NULL);
   CREATE TABLE log_indexed (id INTEGER PRIMARY KEY CHECK (id = 1), through INTEGER NOT NULL, version INTEGER NOT NULL);
   CREATE TABLE log_deletion (peer TEXT PRIMARY KEY, through INTEGER NOT NULL, done INTEGER NOT NULL) WITHOUT ROWID;`,
  // From when to when each batch of the log was said, and how much of it is no room's. The lists are made anew along with it.
  `CREATE TABLE log_time (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, min_ms INTEGER NOT NULL,
     max_ms INTEGER NOT NULL, direct INTEGER NOT NULL);
   DELETE FROM log_peer;`,
  // The newest message of what was deleted: from there on the server's archive is asked.
  `CREATE TABLE log_mark (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL, stanza_id TEXT);`,
  // Numbers reserved for an import, and which of them are free.
  `CREATE TABLE log_import (id INTEGER PRIMARY KEY CHECK (id = 1), source TEXT NOT NULL, next INTEGER NOT NULL,
     last INTEGER NOT NULL);`,
  // For how long a client wants to be able to resume (XEP-0198), in seconds.
  `ALTER TABLE client_session ADD COLUMN max_seconds INTEGER;`,
  // What rooms have let us in with.
  `CREATE TABLE room_password (jid TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;`,
  // How far each device has got in rooms.
  `ALTER TABLE device ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE device ADD COLUMN rooms TEXT;`,
  // Messages that others have corrected or retracted.
  `CREATE TABLE log_undone (seq INTEGER NOT NULL, name TEXT NOT NULL, peer TEXT NOT NULL, target INTEGER,
     PRIMARY KEY (seq, name)) WITHOUT ROWID;
   CREATE INDEX log_undone_name ON log_undone (name);`,
  // Where the encrypted messages are: search counts them, and most documents have none.
  `CREATE INDEX log_doc_sealed ON log_doc (last) WHERE sealed > 0;`,
  // The index is merged in steps of its own: by itself it does, now and then, what takes half a second.
  `INSERT INTO log_text (log_text, rank) VALUES ('automerge', 0);`,
  // Sessions that nobody can resume any more, and what their clients are still known by. Whether a device without a name may come back.
  `CREATE TABLE former_session (seq INTEGER PRIMARY KEY, token_hash TEXT NOT NULL, device TEXT NOT NULL,
     handled INTEGER NOT NULL);
   ALTER TABLE device ADD COLUMN returns INTEGER NOT NULL DEFAULT 0;
   UPDATE client_session SET device = 'connection:' || id WHERE device = id;`,
];

/** Brings the database up to date. Runs inside the constructor, before anything else reads a table. */
export function migrate(storage: DurableObjectStorage): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec("CREATE TABLE IF NOT EXISTS migration (id INTEGER PRIMARY KEY)");
    const done = sql.exec<{ done: number }>("SELECT count(*) AS done FROM migration").one().done;
    for (let id = done; id < MIGRATIONS.length; id += 1) {
      sql.exec(MIGRATIONS[id] ?? "");
      sql.exec("INSERT INTO migration (id) VALUES (?)", id);
    }
  });
}
