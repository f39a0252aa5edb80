/** Every bound of the KurrentDB adapter, with its reason. Times are in ms. */

/** The first version that the contract was kept on. */
export const OLDEST_SERVER = [23, 10] as const
/** How long a server may take to say its version, when it is first asked for anything. */
export const VERSION_TIMEOUT_MS = 10_000

/** How long an append may go without an answer before its outcome counts as unknown: the client waits for ever, and a
 * server that has not replicated yet drops what is sent to it again without a word. Twice the server's own commit timeout. */
export const APPEND_TIMEOUT_MS = 4_000
/** How often that long is waited where others on the same connection are answered meanwhile. */
export const APPEND_WAITS = 4
/** Tries of one append with the same ids and revisions before nobody knows is the answer. */
export const APPEND_TRIES = 4
/** Appends and reads under way on one connection: the server takes 100 calls at once and lets the others wait. */
export const CALLS_AT_ONCE = 64
/** Subscriptions on one connection, for the same reason; further ones get a connection of their own. */
export const SUBSCRIPTIONS_PER_CLIENT = 64

/** How long the answer to a ping may take before a connection counts as dead: the client's own default. */
export const KEEP_ALIVE_TIMEOUT_MS = 10_000
/** Connections of one process that are told apart: far more than are open at a time. */
export const CONNECTIONS = 4_096

/** Bytes of one append that every server before 25.1 takes (1 MiB), less what the log adds. The server's own word, when
 * it refuses, lowers it. */
export const APPEND_BYTES = 1024 * 1024 - 16 * 1024
/** Bytes of one stream's part where several streams are appended to together: it travels as one message, of which the
 * server takes 16 MiB less 10,000 B. */
export const MESSAGE_BYTES = 12 * 1024 * 1024
/** Bytes of one unit on servers that append it as a whole: they hold it in memory, and so does this process. */
export const UNIT_BYTES = 64 * 1024 * 1024
/** Events of one append or unit, as in the embedded store. */
export const UNIT_EVENTS = 20_000
/** In characters, as in the embedded store. */
export const NAME_CHARACTERS = 512
/** Streams of a unit that are looked at or filled at once. */
export const STREAMS_AT_ONCE = 16
/** Tries of writing a unit to its stream, which nobody but a former owner writes to at the same time. */
export const UNIT_TRIES = 3
/** Leading streams whose last filled unit is remembered: one of each connection and partition of a process. */
export const STREAMS_REMEMBERED = 10_000
/** Events of completed units that are kept before they are forgotten: each forgetting is an event of its own. */
export const UNIT_EVENTS_KEPT = 2_000

/** Places for missing revisions in one append: some 100 B each, below what the oldest server takes. */
export const PLACES_AT_ONCE = 4_000

/** Events of one read. At some 10 kB each they stay well below what the client takes in 30 s. */
export const PAGE_EVENTS = 1_000
export const READ_TIMEOUT_MS = 30_000
/** Tries of a read that a server or the network fails. */
export const READ_TRIES = 5
/** Tries of a change of a stream's metadata that somebody else changes at the same time. */
export const METADATA_TRIES = 5

/** Events that the server looks at before it sends a page of a filtered read: its default of 32 makes sparse reads slow. */
export const SEARCH_WINDOW = 1_024
/** Windows between two checkpoints of a subscription: a quiet one starts at most so far behind after a restart. */
export const CHECKPOINT_WINDOWS = 1
/** Messages handed on from a subscription at once. */
export const BATCH_MESSAGES = 256
/** How long an opened subscription may stay silent: a server confirms at once. */
export const CONFIRM_TIMEOUT_MS = 10_000
/** Times in a row that a subscription is opened again before it fails, which takes about half a minute; whoever follows it
 * then starts it anew, and says so. */
export const REOPEN_TRIES = 12

/** First and longest wait before something is tried again, each longer or shorter by up to a fifth, drawn at random. */
export const RETRY_MS = 100
export const RETRY_MAX_MS = 5_000
