/** What happens to a process on a machine, one harm after the other. Each says what the engine made of it. */
import { pause } from "@concordat/cli/demo/settling"
import { appendFileSync, copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import type { Stage } from "./stage.ts"

/** A number from 0 to 1, the same ones for the same seed. */
export type Chance = () => number

export interface Scale {
  readonly kills: number
  readonly edits: number
  readonly stoppedMs: number
  /** How long each of the wrong times is the engine's. */
  readonly wrongClockMs: number
}
export const FULL: Scale = { kills: 10, edits: 40, stoppedMs: 60_000, wrongClockMs: 10_000 }
export const SHORT: Scale = { kills: 3, edits: 12, stoppedMs: 3_000, wrongClockMs: 1_500 }

export interface Harm {
  readonly name: string
  /** What there must be on this machine; null: it is there. */
  readonly lacks: (stage: Stage) => string | null
  /** Ends with the engine ready. Throws where it went on as if nothing had been, or ended without saying why. */
  readonly play: (stage: Stage, scale: Scale, chance: Chance) => Promise<string>
}

const BETWEEN_MS = 60
const NOTICE_MS = 30_000
const HOUR_MS = 3_600_000
const PAGE_BYTES = 4_096

const always = (): null => null

const kills: Harm = {
  name: "kill -9",
  lacks: always,
  play: async ({ edit, engine }, { edits, kills }, chance) => {
    const editing = edit(edits, BETWEEN_MS)
    for (let n = 0; n < kills; n++) {
      await pause(50 + chance() * 1_000)
      await engine.stop("SIGKILL")
      engine.launch()
      // Every other one dies while it starts.
      if (n % 2 === 0) await engine.ready()
    }
    await editing
    if (engine.ended() !== null) engine.launch()
    await engine.ready()
    return `killed ${kills} times`
  },
}

/** Until it says that it can't go on, in `/readyz` or by an end with a word about the disk. */
const noticed = async ({ engine }: Stage): Promise<string> => {
  for (const until = performance.now() + NOTICE_MS; performance.now() < until; await pause(50)) {
    const how = engine.ended()
    if (how !== null) {
      const [why] =
        /disk[^"\n]*|full[^"\n]*/i.exec(
          engine
            .words()
            .split("\n")
            .findLast((line) => /disk|full/i.test(line)) ?? "",
        ) ?? []
      if (why === undefined || how === 0)
        throw new Error(`it ended with ${how} and does not say why: ${engine.words().slice(-800)}`)
      return `ended with ${how}: ${why.slice(0, 60)}`
    }
    const health = await engine.readiness()
    if (health !== null && !health.ok) return `not ready`
  }
  throw new Error(`it was ready all the time, without room on its disk: ${engine.words().slice(-1500)}`)
}

/** What came while there was no room is there afterwards: it is started again, or has gone on by itself. */
const withoutRoom =
  (take: (stage: Stage) => Promise<void> | void, give: (stage: Stage) => void): Harm["play"] =>
  async (stage, { edits }, chance) => {
    const editing = stage.edit(edits, BETWEEN_MS)
    await pause(100 + chance() * 300)
    await take(stage)
    let said: string
    try {
      said = await noticed(stage)
      await editing
    } finally {
      if (stage.engine.ended() === null) give(stage)
      stage.disk.free()
    }
    // Whoever keeps processes running starts it again when it ends; it has this long to come back by itself.
    for (const until = performance.now() + NOTICE_MS; performance.now() < until; await pause(50)) {
      if (stage.engine.ended() !== null) {
        stage.engine.launch()
        await stage.engine.ready()
        return `${said}; started again`
      }
      if ((await stage.engine.readiness())?.ok === true) return `${said}; went on`
    }
    throw new Error(`${said}, and with room again it neither goes on nor ends`)
  }

const fileLimit: Harm = {
  name: "no file may grow (EFBIG)",
  lacks: always,
  play: withoutRoom(
    // Not even at the beginning: the log is written from there again, once it is copied into the file.
    ({ engine }) => engine.limitFiles(0),
    ({ engine }) => engine.limitFiles(null),
  ),
}

const fullDisk: Harm = {
  name: "a full disk (ENOSPC)",
  lacks: ({ disk }) => (disk.fill === null ? "no file system of our own may be mounted here" : null),
  play: withoutRoom(
    async ({ disk, engine }) => {
      // The log keeps the room that it once took, and would do for a while: after a clean stop it begins anew.
      await engine.stop("SIGTERM")
      engine.launch()
      await engine.ready()
      disk.fill?.()
    },
    ({ disk }) => disk.free(),
  ),
}

/** What a crash in the middle of a write leaves: a frame that is begun, and one whose bytes are not what was meant. */
const tornLog: Harm = {
  name: "a torn tail of the WAL",
  lacks: always,
  play: async ({ edit, engine, store }, { edits }, chance) => {
    const editing = edit(edits, BETWEEN_MS)
    await pause(200 + chance() * 500)
    await engine.stop("SIGKILL")
    await editing
    const log = readFileSync(`${store}-wal`)
    const frame = log.subarray(Math.max(0, log.length - PAGE_BYTES - 24))
    const wrong = Buffer.from(frame)
    for (let at = 24; at < wrong.length; at += 97) wrong[at] = wrong[at]! ^ 0xff
    appendFileSync(`${store}-wal`, Buffer.concat([wrong, frame.subarray(0, Math.floor(chance() * frame.length))]))
    engine.launch()
    await engine.ready()
    return "recovered"
  },
}

/** The page where the table of events begins. */
const rootOf = (bytes: Buffer): number => {
  const db = new DatabaseSync(":memory:")
  try {
    // In memory there is no log: the file's header has to say so (https://www.sqlite.org/fileformat2.html, bytes 18 and 19).
    db.deserialize(Uint8Array.from(bytes).fill(1, 18, 20))
    return Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").get()?.["rootpage"])
  } finally {
    db.close()
  }
}

const DAMAGES: ReadonlyArray<{ readonly what: string; readonly make: (path: string, size: number) => void }> = [
  {
    what: "its last pages overwritten",
    make: (path, size) => {
      const bytes = readFileSync(path)
      bytes.fill(0xa5, size - 8 * PAGE_BYTES)
      writeFileSync(path, bytes)
    },
  },
  { what: "its last pages cut off", make: (path, size) => truncateSync(path, size - 8 * PAGE_BYTES) },
  {
    // One that is certainly used: in the middle may be a page that is free.
    what: "the first page of its events zeroed",
    make: (path) => {
      const bytes = readFileSync(path)
      const at = (rootOf(bytes) - 1) * PAGE_BYTES
      bytes.fill(0, at, at + PAGE_BYTES)
      writeFileSync(path, bytes)
    },
  },
]

const damagedFile: Harm = {
  name: "a damaged file",
  lacks: always,
  play: async ({ edit, engine, store }, { edits }) => {
    await edit(edits, BETWEEN_MS)
    await engine.stop("SIGTERM")
    if (existsSync(`${store}-wal`)) throw new Error("told to stop, it left its log beside the file")
    const kept = `${store}.kept`
    copyFileSync(store, kept)
    for (const { make, what } of DAMAGES) {
      make(store, statSync(kept).size)
      engine.launch()
      await Promise.race([engine.gone(), engine.ready().catch(() => {})])
      const how = engine.ended()
      if (how === null) throw new Error(`${what}: it went on`)
      if (how === 0 || !/restore/i.test(engine.words()) || !engine.words().includes("concordat.sqlite"))
        throw new Error(`${what}: it ended with ${how} and does not say what to do: ${engine.words().slice(-500)}`)
      copyFileSync(kept, store)
    }
    engine.launch()
    await engine.ready()
    return `refused to start ${DAMAGES.length} times`
  },
}

const stopped: Harm = {
  name: "SIGSTOP",
  lacks: always,
  play: async ({ edit, engine }, { edits, stoppedMs }) => {
    const editing = edit(edits, BETWEEN_MS)
    await pause(100)
    engine.signal("SIGSTOP")
    await pause(stoppedMs)
    engine.signal("SIGCONT")
    await editing
    await engine.ready()
    return `stood still for ${stoppedMs / 1_000} s`
  },
}

const clocks: Harm = {
  name: "the clock jumps",
  lacks: always,
  play: async ({ edit, engine }, { edits, wrongClockMs }) => {
    for (const off of [HOUR_MS, -HOUR_MS, 0]) {
      engine.setClock(off)
      await Promise.all([edit(Math.ceil(edits / 3), BETWEEN_MS), pause(wrongClockMs)])
    }
    await engine.ready()
    return "an hour forward, two back, one forward"
  },
}

export const HARMS: ReadonlyArray<Harm> = [kills, fileLimit, fullDisk, tornLog, damagedFile, stopped, clocks]
