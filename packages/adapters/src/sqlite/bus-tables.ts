/**
 * The bus's tables. A message is kept once; each group that asked for its subject has a row in `bus_pending` until it
 * answered, and with the last of them the message goes. A message nobody asked for yet waits. Runs in the worker.
 */
import type { DatabaseSync } from "node:sqlite"
import { Refusal } from "./failures.ts"
import { BUS_MESSAGES, BUS_PAGE, BUS_WINDOW_MS } from "./limits.ts"
import type { Taken } from "./protocol.ts"
import { matches } from "./subjects.ts"

interface Group {
  readonly id: number
  readonly patterns: ReadonlyArray<string>
}

export const openBusTables = (db: DatabaseSync) => {
  const allSubjects = db.prepare("SELECT id, name FROM bus_subject")
  const addSubject = db.prepare("INSERT INTO bus_subject (name) VALUES (?)")
  const allGroups = db.prepare("SELECT id, name, patterns FROM bus_group")
  const putGroup = db.prepare(
    "INSERT INTO bus_group (name, patterns) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET patterns = excluded.patterns RETURNING id",
  )
  const counts = db.prepare("SELECT coalesce(max(seq), 0) AS last, count(*) AS messages FROM bus_message")
  const seen = db.prepare("SELECT 1 FROM bus_seen WHERE id = ? AND at > ?")
  const putSeen = db.prepare("INSERT OR REPLACE INTO bus_seen (id, at) VALUES (?, ?)")
  const dropSeen = db.prepare("DELETE FROM bus_seen WHERE at <= ?")
  const addMessage = db.prepare("INSERT INTO bus_message (seq, subject, id, body) VALUES (?, ?, ?, ?)")
  const addPending = db.prepare(
    "INSERT INTO bus_pending (crew, subject, due, seq, attempt, leased) VALUES (?, ?, ?, ?, 0, 0)",
  )
  const addBacklog = db.prepare(
    "INSERT INTO bus_pending (crew, subject, due, seq, attempt, leased) SELECT ?, subject, ?, seq, 0, 0 FROM bus_message WHERE subject = ?",
  )
  const dueOf = db.prepare(
    `SELECT p.seq, p.attempt, p.due, m.id, m.body FROM bus_pending p JOIN bus_message m ON m.seq = p.seq
     WHERE p.crew = ? AND p.subject = ? AND p.due <= ? ORDER BY p.due, p.seq LIMIT ?`,
  )
  const firstDue = db.prepare("SELECT min(due) AS due FROM bus_pending WHERE crew = ? AND subject = ?")
  const find = db.prepare("SELECT subject, due, attempt FROM bus_pending WHERE seq = ? AND crew = ?")
  const change = db.prepare(
    "UPDATE bus_pending SET due = ?, attempt = ?, leased = ? WHERE crew = ? AND subject = ? AND due = ? AND seq = ?",
  )
  const answer = db.prepare("DELETE FROM bus_pending WHERE crew = ? AND subject = ? AND due = ? AND seq = ?")
  const dropAnswered = db.prepare(
    "DELETE FROM bus_message WHERE seq = ?1 AND NOT EXISTS (SELECT 1 FROM bus_pending WHERE seq = ?1)",
  )
  dueOf.setReturnArrays(true)

  const subjects = new Map<string, number>()
  const groups = new Map<string, Group>()
  let lastSeq = 0
  let messages = 0
  let droppedAt = 0

  const reload = (): void => {
    subjects.clear()
    groups.clear()
    for (const row of allSubjects.all() as Array<{ id: number; name: string }>) subjects.set(row.name, row.id)
    for (const row of allGroups.all() as Array<{ id: number; name: string; patterns: string }>)
      groups.set(row.name, { id: row.id, patterns: JSON.parse(row.patterns) as ReadonlyArray<string> })
    const found = counts.get() as { last: number; messages: number }
    // Never back: a late answer to a message that is gone must not meet another with its number.
    lastSeq = Math.max(lastSeq, found.last)
    messages = found.messages
  }
  // Who held a lease is gone with the process that held this file.
  db.exec("UPDATE bus_pending SET due = 0, leased = 0 WHERE leased = 1")
  reload()

  const subjectId = (name: string): number => {
    const known = subjects.get(name)
    if (known !== undefined) return known
    const id = Number(addSubject.run(name).lastInsertRowid)
    subjects.set(name, id)
    return id
  }

  const publish = (columns: ReadonlyArray<string>, now: number): void => {
    if (columns.length === 0) return
    for (let i = 0; i < columns.length; i += 3) {
      const name = columns[i]!
      const id = columns[i + 1]!
      if (seen.get(id, now - BUS_WINDOW_MS) !== undefined) continue
      if (messages >= BUS_MESSAGES) throw new Refusal("limit", `the bus holds ${BUS_MESSAGES} unanswered messages`)
      putSeen.run(id, now)
      const subject = subjectId(name)
      addMessage.run(++lastSeq, subject, id, columns[i + 2]!)
      messages++
      for (const group of groups.values())
        if (matches(group.patterns, name)) addPending.run(group.id, subject, now, lastSeq)
    }
    // A tenth of the window late at most, so that not every transaction pays for it.
    if (Math.abs(now - droppedAt) > BUS_WINDOW_MS / 10) {
      dropSeen.run(now - BUS_WINDOW_MS)
      droppedAt = now
    }
  }

  /** A group that asks for more subjects than before also gets what waits there. */
  const join = (name: string, asked: ReadonlyArray<string>, now: number): void => {
    const before = groups.get(name)?.patterns ?? []
    const patterns = [...new Set([...before, ...asked])].sort()
    if (groups.has(name) && patterns.length === before.length) return
    const { id } = putGroup.get(name, JSON.stringify(patterns)) as { id: number }
    groups.set(name, { id, patterns })
    for (const [subject, subjectNumber] of subjects)
      if (matches(patterns, subject) && !matches(before, subject)) addBacklog.run(id, now, subjectNumber)
  }

  const take = (name: string, asked: ReadonlyArray<string>, max: number, now: number, ackWait: number): Taken => {
    const group = groups.get(name)
    const found: Array<readonly [number, number, number, string, string, string, number]> = []
    const wanted = Math.min(max, BUS_PAGE)
    const ours = group === undefined ? [] : [...subjects].filter(([subject]) => matches(asked, subject))
    for (const [subject, subjectNumber] of ours) {
      const rows = dueOf.all(group!.id, subjectNumber, now, wanted) as unknown as ReadonlyArray<
        readonly [number, number, number, string, string]
      >
      for (const [seq, attempt, due, id, body] of rows)
        found.push([seq, attempt, due, id, body, subject, subjectNumber])
    }
    const next = found.sort((a, b) => a[2] - b[2] || a[0] - b[0]).slice(0, wanted)
    for (const [seq, attempt, due, , , , subjectNumber] of next)
      change.run(now + ackWait, attempt + 1, 1, group!.id, subjectNumber, due, seq)
    let nextDue: number | null = null
    for (const [, subjectNumber] of ours) {
      const { due } = firstDue.get(group!.id, subjectNumber) as { due: number | null }
      if (due !== null && (nextDue === null || due < nextDue)) nextDue = due
    }
    return {
      texts: next.flatMap(([, , , id, body, subject]) => [subject, id, body]),
      numbers: next.flatMap(([seq, attempt]) => [seq, attempt + 1]),
      nextDue,
    }
  }

  /** A late answer counts as one; a late wish for another delivery does not, as there was one meanwhile. */
  const settle = (name: string, seq: number, attempt: number, due: number | null): void => {
    const group = groups.get(name)
    const row =
      group === undefined
        ? undefined
        : (find.get(seq, group.id) as { subject: number; due: number; attempt: number } | undefined)
    if (group === undefined || row === undefined) return
    if (due !== null) {
      if (row.attempt === attempt) change.run(due, attempt, 0, group.id, row.subject, row.due, seq)
      return
    }
    answer.run(group.id, row.subject, row.due, seq)
    messages -= Number(dropAnswered.run(seq).changes)
  }

  return { publish, join, take, settle, reload }
}
export type BusTables = ReturnType<typeof openBusTables>
