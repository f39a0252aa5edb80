/** Edits on their way to Concordat: one at a time per record, with key and revision, again until they are answered. */
import {
  backoff,
  between,
  type Duplicate,
  type Edit,
  enqueue,
  nameOf,
  type Product,
  release,
  reread,
  seal,
} from "./product.ts"
import { OBJECTS, type Values } from "./shapes.ts"

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** `null`: no answer, or one that was lost on the way. */
export const ask = async (
  product: Product,
  method: string,
  path: string,
  options: { readonly key?: string; readonly body?: unknown; readonly losable?: boolean } = {},
): Promise<Answer | null> => {
  const to = product.connection
  if (to === null) return null
  const init: RequestInit = {
    method,
    headers: {
      authorization: `Bearer ${to.token}`,
      ...(options.key === undefined ? {} : { "idempotency-key": options.key }),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  }
  try {
    const response = await product.options.fetch(`${to.url}/v1/${to.tenant}/${to.connection}${path}`, init)
    const text = await response.text()
    if (options.losable === true && product.options.random() < product.settings.lostAnswerRate) {
      product.counts.lostAnswers += 1
      return null
    }
    const body: unknown = text === "" ? {} : JSON.parse(text)
    return { status: response.status, body: typeof body === "object" && body !== null ? { ...body } : {} }
  } catch (error) {
    // Concordat is away, or what answered is something else: counted with what failed, and tried again.
    product.trouble = `${method}: ${error instanceof Error ? error.message : "no answer"}`
    return null
  }
}

export const askedWait = (answer: Answer | null): number => {
  const seconds = answer?.body["retryAfterSeconds"]
  return typeof seconds === "number" ? seconds * 1_000 : 0
}

const fail = (product: Product, edit: Edit, answer: Answer | null): void => {
  product.counts.failures += 1
  edit.notBefore = backoff(product, edit.attempts, askedWait(answer))
  edit.attempts += 1
}

const finish = (product: Product, edit: Edit): void => {
  product.edits = product.edits.filter((one) => one !== edit)
}

const settle = (product: Product, edit: Edit, basedOn: number | null, answer: Answer | null): void => {
  // Another connection was made in between: the edit is no longer one of its.
  if (!product.edits.includes(edit)) return
  const record = product.records.get(nameOf(edit))
  const revision = answer?.body["revision"]
  if (record === undefined) throw new Error(`${edit.object} ${edit.id} is not in the product`)
  const fields = Object.keys(edit.values ?? {})
  if (answer?.status === 200 && typeof revision === "number") {
    product.counts.taken += 1
    // The answer to a deletion shows nothing of the record, which may be taken back as it was before.
    if (edit.values !== null) record.revision = Math.max(record.revision ?? -1, revision)
    if (product.options.random() < product.settings.duplicateRate) {
      const notBefore = product.options.now() + between(product, product.settings.duplicateDelayMs)
      product.duplicates.push({ edit, basedOn, notBefore })
    }
    finish(product, edit)
    return release(product, record, fields, revision)
  }
  if (answer?.status === 409 && typeof revision === "number") {
    product.counts.stale += 1
    // An answer that was long on its way may be older than what the feed brought meanwhile: then the edit goes on that. One
    // that is older than what was asked with is from a restored journal, and holds.
    const isOvertaken = revision >= (basedOn ?? -1) && revision < (record.revision ?? -1)
    // Of a record that was taken back only what the person changed with that stands above what came.
    if (edit.own !== undefined) edit.isSent = false
    if (!isOvertaken) reread(product, record, revision, (answer.body["values"] ?? {}) as Values)
    if (edit.own !== undefined) release(product, record, fields, isOvertaken ? Number.NEGATIVE_INFINITY : revision)
    edit.notBefore = product.options.now()
    return
  }
  if (answer?.status === 422) {
    product.counts.refused += 1
    product.refused.push({ object: edit.object, id: edit.id, answer: JSON.stringify(answer.body) })
    finish(product, edit)
    return release(product, record, fields, Number.NEGATIVE_INFINITY)
  }
  fail(product, edit, answer)
}

const bodyOf = (edit: Edit, basedOn: number | null) => ({
  values: edit.values,
  basedOn,
  stamp: edit.stamp,
  ...(edit.byAutomation ? { by: "automation" } : {}),
})
const pathOf = (edit: Edit): string => `/${edit.object}/${encodeURIComponent(edit.id)}`

const sendOne = (product: Product, edit: Edit, basedOn: number | null): Promise<Answer | null> =>
  edit.values === null
    ? ask(product, "DELETE", pathOf(edit), { key: edit.key, losable: true })
    : ask(product, "PUT", pathOf(edit), { key: edit.key, body: bodyOf(edit, basedOn), losable: true })

const basedOnOf = (product: Product, edit: Edit): number | null => product.records.get(nameOf(edit))?.revision ?? null

/** Answers are looked at after their way back; a restart in between forgets them, and the edits are sent again. */
const land = (product: Product, settle: () => void): void => {
  const delay = between(product, product.settings.answerDelayMs)
  if (delay === 0) settle()
  else product.landed = { notBefore: product.options.now() + delay, settle }
}

const sendBatch = async (product: Product, edits: ReadonlyArray<Edit>): Promise<void> => {
  const based = edits.map((edit) => basedOnOf(product, edit))
  for (const edit of edits) seal(product, edit)
  const rows = edits.map((edit, at) => ({
    object: edit.object,
    id: edit.id,
    key: edit.key,
    ...bodyOf(edit, based[at] ?? null),
  }))
  const answer = await ask(product, "POST", "/batch", { body: { rows }, losable: true })
  const results = answer?.status === 200 ? answer.body["results"] : null
  land(product, () => {
    for (const [at, edit] of edits.entries()) {
      const result: unknown = Array.isArray(results) ? results[at] : null
      const body = typeof result === "object" && result !== null ? { ...result } : {}
      const status = "status" in body && typeof body.status === "number" ? body.status : 0
      settle(product, edit, based[at] ?? null, results === null ? answer : { status, body })
    }
  })
}

const sendSingle = async (product: Product, edit: Edit): Promise<void> => {
  const basedOn = basedOnOf(product, edit)
  seal(product, edit)
  const answer = await sendOne(product, edit, basedOn)
  land(product, () => settle(product, edit, basedOn, answer))
}

const sendDuplicate = async (product: Product, duplicate: Duplicate): Promise<void> => {
  product.duplicates = product.duplicates.filter((one) => one !== duplicate)
  product.counts.duplicates += 1
  const answer = await sendOne(product, duplicate.edit, duplicate.basedOn)
  if (answer !== null && answer.status !== 200 && answer.status !== 503) product.counts.duplicatesRefused += 1
}

/** The oldest edit of each record; those of the population in the order in which records refer to each other. */
const next = (product: Product): ReadonlyArray<Edit> => {
  const seen = new Set<string>()
  const firsts = product.edits.filter((edit) => {
    const first = !seen.has(nameOf(edit))
    seen.add(nameOf(edit))
    return first
  })
  const rank = (edit: Edit): number =>
    edit.population ? (OBJECTS as ReadonlyArray<string>).indexOf(edit.object) : OBJECTS.length
  return firsts.toSorted((a, b) => rank(a) - rank(b))
}

export const populate = (product: Product): void => {
  product.populated = false
  for (const record of product.records.values()) {
    if (!record.archived) enqueue(product, record, record.values, { population: true })
  }
}

/** Of what Concordat knew, nothing counts any more: all that is here is sent as it is now, edits on their way included. */
export const sendAll = (product: Product): void => {
  product.isResending = false
  product.edits = []
  product.duplicates = []
  product.landed = null
  product.arrived = null
  product.position = null
  product.keptPosition = null
  for (const record of product.records.values()) {
    record.revision = null
    record.withheld.clear()
  }
  populate(product)
}

/** The same after Concordat's journal was restored, which may take for alive what was deleted since. */
export const sendAllAgain = (product: Product): void => {
  product.counts.resends += 1
  sendAll(product)
  product.isResending = true
  for (const record of product.records.values())
    if (record.archived) enqueue(product, record, null, { population: true })
}

const sayReady = async (product: Product): Promise<void> => {
  const answer = await ask(product, "POST", "/ready", { losable: true })
  if (answer?.status === 204) {
    product.populated = true
    product.isResending = false
    product.ready = { attempts: 0, notBefore: 0 }
    return
  }
  product.counts.failures += 1
  const { attempts } = product.ready
  product.ready = { attempts: attempts + 1, notBefore: backoff(product, attempts, askedWait(answer)) }
}

/** All that was there is with Concordat, which has not been told so yet. */
const isComplete = (product: Product): boolean => !product.populated && !product.edits.some((edit) => edit.population)

const nextAt = (product: Product): number | null => {
  if (product.landed !== null) return product.landed.notBefore
  const times = [
    ...next(product).map((edit) => edit.notBefore),
    ...product.duplicates.map((one) => one.notBefore),
    ...(isComplete(product) ? [product.ready.notBefore] : []),
  ]
  return times.length === 0 ? null : Math.min(...times)
}

/** Sends what is due, one request. Answers when there is something to send again (ms since 1970); null: nothing is left. */
export const push = async (product: Product): Promise<number | null> => {
  if (product.connection === null) return null
  const now = product.options.now()
  if (product.landed !== null) {
    const { notBefore, settle } = product.landed
    if (notBefore > now) return notBefore
    product.landed = null
    settle()
    return now
  }
  const due = next(product).filter((edit) => edit.notBefore <= now)
  const duplicate = product.duplicates.find((one) => one.notBefore <= now)
  const [first] = due
  const puts = due.filter((edit) => edit.values !== null).slice(0, product.settings.rowsPerBatch)
  if (duplicate !== undefined) await sendDuplicate(product, duplicate)
  else if (puts.length > 1) await sendBatch(product, puts)
  else if (first !== undefined) await sendSingle(product, first)
  else if (isComplete(product) && product.ready.notBefore <= now) await sayReady(product)
  return nextAt(product)
}
