/** The tables of the state, in a schema of their own so that a database may hold more. */

export const SCHEMA = "concordat"
/** Written into the format table: what makes the schema ours. */
export const MARK = "concordat state"

/** Of the advisory lock that migrations take: "conc", "stat" in ASCII. Locks are per database. */
export const MIGRATION_LOCK = [0x636f6e63, 0x73746174] as const

/**
 * One entry per version of the format, each applied once, in order, all in one transaction. A statement an item: the
 * extended protocol takes no more at once.
 *
 * Keys are compared by code point (`collate "C"`), whatever the database's locale, as SQLite does: it also makes every
 * prefix a range of the primary key. Tenant and kind are repeated in each row, unlike in SQLite: interning them would
 * need a lookup that several processes agree about. TOAST compresses long values by itself.
 */
export const MIGRATIONS: ReadonlyArray<ReadonlyArray<string>> = [
  [
    `create table concordat.document (
      tenant text collate "C" not null, kind text collate "C" not null, key text collate "C" not null,
      value text not null, primary key (tenant, kind, key))`,
    `create table concordat.checkpoint (
      name text collate "C" primary key, position text not null, event_id text not null)`,
    // The epoch of each lease's last owner, which outlives `clear`: it fences those before it.
    `create table concordat.lease (
      name text collate "C" primary key, epoch bigint not null, owner text not null default '',
      expires_at timestamptz not null default '-infinity')`,
    `create table concordat.attendance (
      team text collate "C" not null, owner text not null, expires_at timestamptz not null, primary key (team, owner))`,
  ],
  [
    `alter table concordat.checkpoint add column ahead text not null default ''`,
    // A process of before, which still runs, would decide twice what is decided beyond a checkpoint: its rows are refused.
    `alter table concordat.checkpoint alter column ahead drop default`,
  ],
  // Entities say what a connection holds by their value: who does not know of it would read that nothing is known there.
  [],
  // Checkpoints say who is behind them: a process of before that still runs can't read those, and stops.
  [],
  // Entities are lists without what is usual: a process of before that still runs can't read those, and stops.
  [],
]
