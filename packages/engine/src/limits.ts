/** Every bound of the engine's queues, pages, batches and retries, each with its reason. Times are in ms. */

/** Streams of one commit: about 1 MB of events, 10 ms of the store's time, and rare enough to share one fsync. */
export const COMMIT_RECORDS = 500
/** Streams whose end is remembered by who appends to them: the connections of a large process, some 300 bytes each. */
export const ENDS_REMEMBERED = 1_000
/** Calls that push records in and wait for the disk, of one connection; more wait at their own end. */
export const PUSHED_WAITING = 1_000
/** Tries of one commit whose outcome nobody knows, or whose streams moved, before the worker starts anew. */
export const COMMIT_TRIES = 8
/** Events read in one go while a journal is copied: at most some MB of them are held. */
export const COPIED_EVENTS = 500
/** Streams of which it is remembered meanwhile where they begin; of others it is asked again. */
export const COPIED_STREAMS = 20_000
/** Streams asked for that at once. */
export const COPY_READS = 16
/** Bytes appended at once: what any server takes with room to spare, and what makes a round trip worth it. */
export const COPY_BYTES = 512 * 1024
/** Events read in one go when a document is rebuilt from its stream. */
export const REBUILD_EVENTS = 1_000
/** Documents read in one go while all of a kind are looked at. */
export const SCAN_DOCUMENTS = 1_000
/** Differences and forgotten facts of a tenant that a verification names; all are counted. */
export const SHOWN_DIFFERENCES = 100
export const SHOWN_FORGOTTEN = 10
/** Events that nothing was decided for, held until their causes are looked for: one pass over the facts for all of them. */
export const UNEXPLAINED_EVENTS = 10_000

/** Due rows planned in one round: more would be planned long before they are written. */
export const ROUND_ROWS = 500
/** Rounds at once, where there is so much: while the calls of one are on their way the next is planned, and no call waits. */
export const ROUNDS_AT_ONCE = 2
/** Events of the connection that the reconciler may be behind and still be asked about by name. */
export const LAG_EVENTS = 2_000
/** How soon to look again when the reconciler has not decided yet what a write depends on. */
export const LAG_WAIT_MS = 100
/**
 * Facts of a connection that a walk over everything may be ahead of the reconciler: some pages, so that it always has work,
 * and a quarter of a second of it, which is what somebody's edit then waits for.
 */
export const WALKED_AHEAD = 250
/** How soon a walk that is ahead looks again, and which share of its time looking takes at most: where many do so the store is
 * busy, and each look then takes longer. */
export const LAG_LOOK_MS = 20
export const LAG_LOOK_SHARE = 0.2
/** Due rows are looked through this often while some were left, and where something was decided, since wake-ups may be lost. */
export const RESCAN_MS = 30_000
/** Connections of a process that come up at once: enough for both threads to have work, and some MB of what each holds on its
 * way. Who takes longer than a moment, since it reads a whole account or its provider does not answer, counts no more. */
export const STARTED_AT_ONCE = 16
export const STARTING_MS = 1_000
/** Connections of a process that are told together that something was decided, and how long the next ones wait: with a thousand
 * of them the looks that follow are spread over some seconds. */
export const TOLD_AT_ONCE = 16
export const TOLD_REST_MS = 100
/** Wake-ups held at once; each is acknowledged as soon as it is noted. */
export const WAKES_IN_FLIGHT = 256
export const WAKE_ACK_MS = 30_000
/** A wake-up of an entity that is noted beyond this is left to the next look at all due rows. */
export const NOTED_ENTITIES = 10_000

/** Tries of one write that the provider refuses for now, or since its record is not there. */
export const WRITE_TRIES = 5
/** First and longest wait between two tries of one write. */
export const WRITE_RETRY_MS = 1_000
export const WRITE_RETRY_MAX_MS = 60_000
/** How often a job that the provider took is asked about, and for how long before its outcome counts as unknown. */
export const SETTLE_EVERY_MS = 2_000
export const SETTLE_MAX_MS = 3_600_000
/** After a start, writes to a system that fetches them wait this long for its first word. */
export const FOLLOWER_WAIT_MS = 60_000
/** A connection that lost its right or its authorisation, or is paused, is looked at again this often. */
export const PAUSED_LOOK_MS = 2_000
/** The same where nothing was said of it for a while: it is told when something is, or when its reconciler has decided. */
export const PAUSED_REST_MS = 60_000

/** A write that was given up keeps its record locked for reads that began before its last attempt ended: longer than any
 * call to a provider takes, with what is done with its page. */
export const LOCK_KEPT_MS = 15 * 60_000

/** First and longest pause of a connection whose provider says no more than "not now". */
export const PAUSE_MS = 1_000
export const PAUSE_MAX_MS = 5 * 60_000

/** The longest wait that a provider is taken at its word for: the longest that one of them announces, while it moves an
 * account's data. More is a mistake, by which a connection would stand that nobody has paused. */
export const RETRY_AFTER_MAX_MS = 24 * 3_600_000

/** A connection whose day's budget is spent is tried again after this long at most: some days end at midnight of the
 * account's own time zone, which nobody tells. */
export const DAY_LOOK_MS = 3_600_000

/** How soon to look again whether the reading of a record is decided to which a write was given up. */
export const DOUBT_LOOK_MS = 2_000

/** Writes that are taken close together have their histories read together. */
export const GAP_GATHER_MS = 1_000
/**
 * While full rounds are being pushed, so many of them wait: what a history tells is as true afterwards, and reading it takes two
 * calls of the limit for each two that push. They are held in memory, a kilobyte each, and some histories have 20 versions only.
 */
export const GAPS_WAITING = 10_000
/**
 * How long before a worker's end a write's history may not have been looked into: mostly that takes seconds, and half an hour
 * where the day's calls are used up. Where the state was dropped, those are asked of again.
 */
export const LOOKED_INTO_MS = 60 * 60_000
/** A read that overlapped a write is made again after this long. */
export const READ_AGAIN_MS = 100
/** Rounds of reading again before a page is fetched anew. */
export const READ_AGAIN_TRIES = 5
/** A record that a hint calls created and that is not there yet is looked for again after these times: some providers
 * send their webhooks before they commit. */
export const CREATED_LOOKS_MS: ReadonlyArray<number> = [2_000, 10_000, 60_000]
/** Hints waiting to be read. Beyond it a hint is dropped from memory: its delivery stays unfinished and is taken again. */
export const HINTS_WAITING = 50_000
/** How far the clocks of two of our processes may be apart. */
export const CLOCKS_APART_MS = 2_000
/** Hints that come close together are read together. */
export const HINT_GATHER_MS = 20
/** How often a process looks for news of its connections without being told: another one may have taken a webhook. */
export const WATCH_LOOK_MS = 2_000
/** Events read in one go by that look: who has none of them is not asked. */
export const WATCHED_EVENTS = 200
/** Deliveries read from their stream in one go. */
export const DELIVERIES_AT_ONCE = 200
/** Deliveries that were looked at and are kept to explain what came in; older ones are forgotten. */
export const DELIVERIES_KEPT = 5_000
/** Hints kept in one delivery event: larger webhooks become several events. */
export const DELIVERY_HINTS = 1_000

/** How often a list of all ids is compared, where deletions can't be seen otherwise. */
export const CENSUS_EVERY_MS = 15 * 60_000
/** What a census and walks made again may take of a day's budget, so that a large account's do not take what pushes and
 * polls need: of 250,000 calls 50,000, which is 5,000,000 records in pages of 100. An hour's worth of it can go at once. */
export const BACKGROUND_SHARE = 0.2
/** A walk that is due again is begun no sooner than this after the one before. */
export const REREAD_REST_MS = 1_000
/** It is told when one may begin, and sleeps until one is due; that is looked at this often all the same, since the machine's
 * clock may be set forward. */
export const REREAD_LOOK_MS = 10 * 60_000
/** A page that a provider still prepares (an export) is asked for again after this long, longer each time, for about a day;
 * then its cursor counts as lost and the walk begins anew. */
export const PAGE_WAIT_MS = 1_000
export const PAGE_WAIT_MAX_MS = 60_000
export const PAGE_WAITS = 1_440
/** How often fields, pipelines and owners are asked for again. */
export const METADATA_EVERY_MS = 60 * 60_000
/** A walk that brings nothing new leaves its cursor in the journal at least this often; else a poll that finds nothing
 * would add an event each time, for ever. */
export const CURSOR_EVENT_EVERY_MS = 10 * 60_000
/**
 * A cursor that moves over a page with nothing on it is held in memory alone, for so long and so many pages at most: to keep
 * each is most of what an idle connection costs the disk. A crash reads again from the one before, which is as many pages, and
 * far younger than any that a provider has forgotten: those last for days.
 */
export const CURSOR_HELD_MS = 60 * 60_000
export const CURSOR_HELD_PAGES = 200
/** The place of a walk made again is kept so often while it passes pages with nothing new on them: a crash makes once more what
 * calls it made since. */
export const PASSED_MS = 1_000
/** A page that was read ahead and has waited for longer is read anew: far below `LOCK_KEPT_MS`, after which nobody knows what
 * was written while it was read. */
export const AHEAD_KEPT_MS = 60_000
/** How soon it is looked whether the mapping reads other names than before, after something was said of the connection. */
export const MAPPING_LOOK_MS = 5_000
/** For so long after something was said of a connection it is looked what its reconciler has made of it; later where more was
 * decided, since it may have been behind for longer. */
export const NEWS_MS = 60_000
/** A walk that failed for a reason that does not pass by itself is tried again after this long. */
export const WALK_RETRY_MS = 60_000

/** The first day after arming, for which the cap on writes per hour holds. */
export const CAP_HOLDS_MS = 24 * 3_600_000
export const HOUR_MS = 3_600_000
/** How long a stopping worker waits for the answer to a write that is on its way. */
export const DRAIN_MS = 3_000

/** Largest answer body, decompressed: the largest documented page of any provider is below 10 MB. */
export const BODY_BYTES = 32 * 1024 * 1024
/** Sockets that stay open to one provider between calls, and for how long. */
export const IDLE_SOCKETS = 16
export const IDLE_SOCKET_MS = 15_000

/** Entities named in one event after a first sync: one decision refreshes what is due of each, and nothing else goes on
 * meanwhile. */
export const LISTED_ENTITIES = 100
/** So long at most who has much to do waits between two stretches for another tenant's work on little: where edits never end it
 * gets an eighth of the thread. */
export const GIVEN_WAY_MS = 20
/** Records, entities or facts up to which work is little: what people do by hand. */
export const LITTLE = 8
/** Readings judged, or answers kept, without a break: some 3 ms. */
export const RECORDS_AT_A_STRETCH = 32
/** Texts of documents that are kept to see whether they are others: a connection's has some 500 characters, a binding's 32,000. */
export const KEPT_CHARACTERS = 2_000
/** Writes planned without a break: some 3 ms. */
export const PLANS_AT_A_STRETCH = 8

/** How often a call that others are before looks for its turn: without it, one of low priority could wait for ever. */
export const TURN_LOOK_MS = 50

/** Events decided before they are committed together: one transaction for many, and not so many that live ones wait. */
export const DECIDED_EVENTS = 500
/** The same where several tenants have facts: some 30 ms, since whoever has a single one waits for a part. */
export const SHARED_EVENTS = 50
/** So long after facts of two tenants waited at once parts stay small: a few seconds' worth, between two edits of some day. */
export const CONTENDED_FACTS = 5_000
/**
 * Facts beyond its checkpoint that the reconciler looks over: several walks' (`WALKED_AHEAD`) and what is written meanwhile,
 * some MB. Of so many tenants at most its checkpoint tells how far each is decided.
 */
export const WINDOW_FACTS = 2_000
/** Of a tenant that fills the window so many stay, and are read anew of it alone: some parts, so that it always has work. */
export const LANE_FACTS = 250
/** Tenants that are read alone at once: as much as the window once more. Where more of them fill it, the others wait. */
export const LANES = 8
/** How soon a tenant is read again of which a fact is missing that was seen, and how often: a follower of a cluster may be
 * behind. */
export const LANE_AGAIN_MS = 50
export const LANE_TRIES = 200
/** After a batch of so many the next one gathers for a while: pages come one after the other, and people's edits do not. */
export const MANY_EVENTS = 50
export const GATHER_MS = 5
/** How soon a batch is committed again whose outcome nobody knows. */
export const COMMIT_AGAIN_MS = 50
/** Streams whose ends are read together where a decision is in the journal already: a replay asks for every one of them. */
export const ADOPTED_AT_ONCE = 64
/** How long a commit waits for the bus to take its wake-ups; one that did not is left alone for a while, or each commit would
 * wait for it again. */
export const WAKE_WAIT_MS = 500
export const WAKE_AGAIN_MS = 5_000
/** Rounds of loading for one decision. A merge of two well-known companies takes some dozens; a loop would take for ever. */
export const DECISION_ROUNDS = 10_000
/** Decisions made without a break: some 3 ms in which nothing else of the process goes on. */
export const DECISIONS_AT_A_STRETCH = 4
/** Documents parsed or written as text without a break: likewise. */
export const DOCUMENTS_AT_A_STRETCH = 48
/** How often a decision is looked at before its turn, for what it will ask: a record's own row, its match keys, their
 * entities, and what those refer to. */
export const AHEAD_LOOKS = 4
/** Characters of JSON that the reconciler keeps parsed, over all tenants, twice over; a parsed one takes three bytes for
 * each beside what it is kept under, so some 8 MB in all: with four times as much nothing was seen to be faster. */
export const CACHED_CHARACTERS = 500_000
/** Tenants whose documents are kept; the least recently used one goes, and with it what was compiled of its mappings: where
 * more of them have edits in turn than are kept, each edit costs all of that. */
export const CACHED_TENANTS = 128
/** A tenant that comes when so many are known, or more, may keep this part of the characters. */
export const CACHED_PART = 16
/** Rows of a kind that is kept whole (what waits, what is being created): beyond it they are asked for one by one. */
export const SPARSE_DOCUMENTS = 20_000
/** Documents asked for at once. */
export const DOCUMENTS_PAGE = 5_000

/** Events announced together: one flush for all. */
export const ANNOUNCED_AT_ONCE = 500
/** Tenants whose last event is known to who announces; of another the next one sends its listeners to the journal once. */
export const ANNOUNCED_TENANTS = 10_000
/** Events read from the journal in one go by who follows it. */
export const FOLLOW_EVENTS = 500
/** Ids of the last events that a follower has handed out: more than wait for it in the live tail. */
export const FOLLOW_REMEMBERED = 2_000
/** A follower looks at the journal this often without being told: what is announced may be lost. */
export const FOLLOW_LOOK_MS = 5_000
/** An event that is announced and not yet in the journal where it is read is looked for again after this long, so often. */
export const FOLLOW_AGAIN_MS = 50
export const FOLLOW_TRIES = 10

/** How long a lease holds without being prolonged, and how often it is: a process that is killed has successors within ten
 * seconds, and one that pauses for garbage or a slow store keeps what it has. */
export const LEASE_MS = 6_000
export const LEASE_LOOK_MS = 1_000
/** An owner counts its lease as ended this much before the store does: clocks run differently, and a call takes a while. */
export const LEASE_MARGIN_MS = 1_000
/** How long the store of the leases may take: two looks fit into what an owner may count on. */
export const LEASE_ANSWER_MS = 2_000
/** A stopping process gives its leases back within this, or leaves them to end by themselves: its workers need `DRAIN_MS`. */
export const LEASE_LEAVE_MS = 4_500
