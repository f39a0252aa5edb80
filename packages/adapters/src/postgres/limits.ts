/** Every bound of the state on PostgreSQL, with its reason. Times in ms. */

/**
 * Connections of one process, each a process of the server's. Debian's server takes 100 in all: ten of ours leave room for
 * backups and people. Deciding is one transaction at a time for a share, and reads are short; what is more waits for its turn.
 */
export const POOL_CONNECTIONS = 8
/** A connection unused for so long is given back. */
export const POOL_IDLE_MS = 60_000

/** One attempt to connect: the network, TLS and the password. */
export const CONNECT_MS = 5_000
/** The server ends a statement after this long. The longest of ours, 5,000 documents, takes 100 ms. */
export const STATEMENT_MS = 15_000
/** How long a statement waits for a lock: only a neighbour's transaction or a `clear` holds one. */
export const LOCK_MS = 5_000
/**
 * A transaction whose client says nothing for so long is ended by the server, with its locks. Less than `LOCK_MS`, so that a
 * process that is stopped in its middle holds up a handover and never fails it.
 */
export const IDLE_IN_TRANSACTION_MS = 4_000
/** The idle time after which the kernel asks whether the server is still there. */
export const KEEP_ALIVE_MS = 10_000
/** A migration may rewrite a large table, and others wait for it. */
export const MIGRATION_MS = 600_000

/** First and longest wait before trying again to reach the server. */
export const AGAIN_MS = 100
export const AGAIN_MAX_MS = 2_000
/** How long one operation is tried, before whoever needs it is told `unavailable`. */
export const GIVE_UP_MS = 20_000

/** Documents of one statement: four arrays of these are one message of a few MB. */
export const UPSERT_DOCUMENTS = 5_000
/** Characters of one statement's values. The driver builds the message whole, in memory, as does the server. */
export const UPSERT_CHARACTERS = 8 * 1024 * 1024
/** The longest answer that is taken, in bytes: a row with the largest document in four-byte characters. */
export const ANSWER_BYTES = 160 * 1024 * 1024
/** Characters of one unit, as in SQLite: it is held in memory whole. */
export const UNIT_CHARACTERS = 32 * 1024 * 1024
