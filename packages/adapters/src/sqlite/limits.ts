/** Every bound of the embedded store, with its reason. Sizes in characters are those of JavaScript strings. */

/** SQLite's page cache, in KiB. More takes the process's memory budget for pages that the OS caches anyway. */
export const CACHE_KIB = 8_000

/**
 * Files up to this size are read through for damage when they are opened: a quarter of a second from memory. In larger ones
 * damage is found when its pages are needed, and ends the process then.
 */
export const CHECKED_BYTES = 256 * 1024 * 1024

/**
 * Of a new file, in bytes. A row of an index has to fit a quarter of a page or its rest takes a page of its own, and most
 * entities (1.5 to 2 kB) do not fit a quarter of 4 KiB: their documents took 5.3 kB each. More would make each small commit
 * write more than it says.
 */
export const FILE_PAGE_BYTES = 8_192

/** After so many bytes the WAL is copied into the file while the store is idle. */
export const CHECKPOINT_IDLE_BYTES = 4 * 1024 * 1024
/** And after so many also while it is busy: they are copied in about 50 ms, more would be felt as a pause. */
export const CHECKPOINT_BUSY_BYTES = 32 * 1024 * 1024
/** Where commits are small and many, somebody waits for each: then so few are copied at a time, in some 5 ms. */
export const CHECKPOINT_LIVE_BYTES = 6 * 1024 * 1024
/** So many commits since the last copying are many. Those of a first sync fill `CHECKPOINT_BUSY_BYTES` with some dozens. */
export const LIVE_COMMITS = 128
/** Above this the WAL file is cut to nothing: a checkpoint alone never gives its space back. */
export const WAL_BYTES = 128 * 1024 * 1024

/** Units of work in one transaction. One fsync is shared by all that waited; more would only raise the latency. */
export const GROUP_UNITS = 1_000
/** Characters in one transaction: its pages should fit the cache, or SQLite spills them. */
export const GROUP_CHARACTERS = 4 * 1024 * 1024

/** What callers may have handed in without an answer, in KiB; the next caller waits. It bounds the process's memory. */
export const PENDING_KIB = 64 * 1024

/** The thread's garbage of a moment, in MB: rows on their way. It would take as much as the engine's own thread else. */
export const THREAD_YOUNG_MB = 4

/** Events of one append or unit. A decision over a page of records has hundreds. */
export const UNIT_EVENTS = 20_000
/** Characters of one unit. It is copied to the worker and held there whole. */
export const UNIT_CHARACTERS = 32 * 1024 * 1024
/** Names become index keys; long ones slow every lookup. In characters. */
export const NAME_CHARACTERS = 512

/** Events of one page on the way back from the worker: about 1 MB of JSON, 10 ms of its time. */
export const PAGE_EVENTS = 1_000
/** Characters of the events that were committed last and are kept for who follows: some pages of a first sync, 2 MB at most. */
export const RECENT_CHARACTERS = 1024 * 1024
/** Characters of documents that are kept as they were last written or read: those of some hundred edits, and of a thousand idle
 * connections what they look at; 1 MB in general. */
export const RECENT_DOCUMENT_CHARACTERS = 1024 * 1024
/** Of a commit or a question with more documents none is kept. */
export const RECENT_DOCUMENTS = 64
/** Rows looked at for one page before writers get their turn. */
export const PAGE_ROWS = 20_000

/** Stream positions and names that the worker remembers, so that an append to a busy stream needs no lookup. */
export const STREAMS_REMEMBERED = 20_000

/** Messages kept by the bus. A wake-up is about 300 bytes on disk; a million of them means that nobody listens. */
export const BUS_MESSAGES = 1_000_000
/** Messages taken from the bus at once by one consumer. */
export const BUS_PAGE = 256
/** JetStream's default window for deduplication by message id, in ms. */
export const BUS_WINDOW_MS = 120_000

/** Events that a quiet subscription may be told of by one checkpoint: it then starts near the end after a restart. */
export const CHECKPOINT_EVENTS = 1_024

/** How long opening waits for a predecessor that is just closing the file, in ms. */
export const LOCK_WAIT_MS = 500
