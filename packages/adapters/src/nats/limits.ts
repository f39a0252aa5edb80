/** Every bound of the bus on NATS, with its reason. Times in ms. */

/** JetStream's default window for deduplication by message id. */
export const WINDOW_MS = 120_000
/**
 * A worker looks at all that is due when it starts and every half minute: a wake-up that nobody took for an hour says
 * nothing more. So connections that nobody serves fill nothing for ever.
 */
export const MESSAGE_AGE_MS = 3_600_000
/** Wake-ups that wait for one connection; beyond it the oldest go, as a worker notes no more than that one by one anyway. */
export const SUBJECT_MESSAGES = 10_000
/** Unanswered wake-ups altogether, some 300 MB on disk. More is refused with `limit`: a hundred connections stand still. */
export const BUS_MESSAGES = 1_000_000
/** Consumers, one a connection: with 3,000 of them a server of 2.9 took 62 kB for each, and this process 53 kB. */
export const BUS_CONSUMERS = 20_000
/** A consumer nobody asks is removed by the server; what waits stays in the stream and goes to the next one. */
export const CONSUMER_IDLE_MS = 3_600_000
/** Unanswered deliveries of one consumer, over all who share it. Each of them asks for no more than its own `maxInFlight`. */
export const ACKS_PENDING = 10_000
/** Requests for messages that wait at the server at once for one `consume`: it asks again when a quarter is free. */
export const PULL_PARTS = 4
/** How long a request for messages waits at the server. Long enough to be rare, short enough to be forgotten soon. */
export const PULL_MS = 30_000
/**
 * How often the server says that a request still waits; three of them missing, it is taken for lost. That is for a consumer
 * that vanishes from a server that stays; a server that goes is noticed at once. Of 3,000 connections 600 messages a second.
 */
export const HEARTBEAT_MS = 5_000
export const HEARTBEATS_MISSED = 3

/** Messages on their way to the server without its answer: 1,000 of 300 bytes keep it busy and fit every buffer. */
export const PUBLISH_WINDOW = 1_000
/** Messages that callers have handed in altogether: beyond it a caller waits for its turn. It bounds the memory. */
export const PUBLISH_WAITING = 50_000
/** A message without an answer is sent again after this long, with its id: it is kept once. */
export const ANSWER_MS = 3_000
/** And given up after this long: `unavailable`. Whoever published repeats the whole step. */
export const PUBLISH_MS = 30_000

/** First and longest wait before trying again to reach the server, or what it does not have yet. */
export const AGAIN_MS = 100
export const AGAIN_MAX_MS = 5_000
/** How long the stream is asked for in one go, before whoever needs it is told. */
export const GIVE_UP_MS = 20_000
/** One request to JetStream's API. */
export const REQUEST_MS = 5_000
/** One attempt to connect. */
export const CONNECT_MS = 5_000
/** How long the last answers may take to get through when the connection is closed. */
export const CLOSE_MS = 1_000
/** How often the client asks an idle connection whether it lives; twice unanswered, it connects anew. */
export const PING_MS = 10_000

/** Events that wait in memory for one listener; beyond it they are dropped and read from the journal. */
export const TAIL_WAITING = 1_000
export const TAIL_WAITING_BYTES = 16 * 1024 * 1024
/** The oldest server that has all that is used: Debian 12's. */
export const OLDEST_SERVER = [2, 9, 0] as const
