/** The tables of the embedded store, and what makes a file ours. */

/** "Conc" in ASCII, in SQLite's header field for it: https://www.sqlite.org/fileformat2.html#application_id */
export const APPLICATION_ID = 0x436f6e63

/**
 * One entry per version of the format, each applied once, in order, in one transaction with `user_version`.
 *
 * Streams, buckets, (tenant, kind) pairs and subjects are interned, because every row would repeat them. `event.id` is
 * 16 bytes where it is a UUID. The rowid is the position and part of every index, so `event_by_bucket` is ordered by it.
 */
export const MIGRATIONS: ReadonlyArray<string> = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;

  CREATE TABLE bucket (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  -- kept: the first revision that was not forgotten.
  CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bucket INTEGER NOT NULL, kept INTEGER NOT NULL) STRICT;
  CREATE TABLE event (
    position INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, stream INTEGER NOT NULL, revision INTEGER NOT NULL,
    id ANY NOT NULL, type TEXT NOT NULL, metadata TEXT NOT NULL, data TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_by_stream ON event (stream, revision);
  CREATE INDEX event_by_bucket ON event (bucket);

  CREATE TABLE space (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (tenant, kind)) STRICT;
  CREATE TABLE document (space INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (space, key)) WITHOUT ROWID, STRICT;
  CREATE TABLE checkpoint (name TEXT PRIMARY KEY, position TEXT NOT NULL, event_id TEXT NOT NULL) WITHOUT ROWID, STRICT;

  CREATE TABLE bus_subject (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  -- patterns: a JSON array; all that consumers of the group ever asked for.
  CREATE TABLE bus_group (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, patterns TEXT NOT NULL) STRICT;
  CREATE TABLE bus_message (seq INTEGER PRIMARY KEY, subject INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX bus_message_by_subject ON bus_message (subject);
  -- What a group still has to do. leased: it is with a consumer until due.
  CREATE TABLE bus_pending (
    crew INTEGER NOT NULL, subject INTEGER NOT NULL, due INTEGER NOT NULL, seq INTEGER NOT NULL,
    attempt INTEGER NOT NULL, leased INTEGER NOT NULL, PRIMARY KEY (crew, subject, due, seq)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX bus_pending_by_message ON bus_pending (seq, crew);
  CREATE TABLE bus_seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE INDEX bus_seen_by_time ON bus_seen (at);
  `,
  // What is decided beyond a checkpoint: who does not know of it would decide it twice.
  `ALTER TABLE checkpoint ADD COLUMN ahead TEXT NOT NULL DEFAULT '';`,
  // Entities say what a connection holds by their value: who does not know of it would read that nothing is known there.
  "",
  // Checkpoints say who is behind them: who does not know of it would take for decided what is not.
  "",
  // Entities are lists without what is usual, and their events of a second version: who does not know of it can read neither.
  "",
]
