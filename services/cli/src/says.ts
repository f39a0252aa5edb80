/** What each command is for, in the order in which they are listed. Imports nothing: `--help` has to be quick. */
export const SAYS = {
  up: "Run Concordat in one process",
  demo: "See it work, against sandboxes on this machine",
  status: "How every connection is doing, and what waits for a person",
  plan: "What arming a connection would create, overwrite and park",
  arm: "Let Concordat write to a connection, after showing what that will do",
  pause: "Stop reading from and writing to a connection",
  resume: "Go on with a paused connection",
  backfill: "Read everything of a connection again",
  tail: "Follow what happens, live",
  explain: "Why a value is what it is, and where it was taken to",
  requests: "What people asked for, by whom and when",
  waiting: "Everything that waits: for a person, a record, an answer or its turn, and why",
  issues: "What was refused, can't be held, or is quarantined",
  conflicts: "Values that both sides changed, with both of them",
  resolve: "Settle a conflict: keep the entity's value or take the connection's",
  matches: "Records that may be one of several entities",
  match: "Say which entity a record is",
  merge: "Say that two entities are one; records at the same connection become duplicates",
  split: "Undo a merge: each record goes back with what it brought",
  replay: "Try again what a connection refused",
  release: "Write again what is quarantined, once the cause there is mended",
  "create-again": "Create a record again that was deleted at a connection",
  migrate: "Move a tenant's journal from the embedded store to KurrentDB, or back",
  verify: "Decide all facts of a store again and compare with what its journal holds",
  mapping: "Mappings between a provider's fields and ours",
} as const
export type CommandName = keyof typeof SAYS

export const WHAT =
  "Keeps a company's product and its CRMs in agreement. The operator's token is read from CONCORDAT_TOKEN."

/** Flags that every command takes. */
export const FLAGS = {
  url: { value: "string", says: "Address of the running Concordat; else CONCORDAT_URL" },
  tenant: { value: "string", says: "Tenant to ask for; else CONCORDAT_TENANT, else the only one there is" },
  by: { value: "string", says: "Who asks, as it stands in the journal; else the user of this machine" },
  json: { value: "", says: "Answer in JSON, for other programs" },
} as const
