/**
 * Documents as they were last written or read, by name, and checkpoints: an edit asks for the same few some twenty times, each a
 * way to the thread and back. All that is written to a file passes through its one client, and the thread's replies come in
 * the order of what it did, so what is here is what is stored as of the last reply. Texts, not what they say: who asks parses.
 */
import { RECENT_DOCUMENT_CHARACTERS, RECENT_DOCUMENTS } from "./limits.ts"
import type { Answers, CommitRequest, Reply, Request } from "./protocol.ts"

/** By tenant, kind and key. null: there is none. */
type Texts = Map<string, Map<string, Map<string, string | null>>>
type Row = Answers["checkpoint"]

/** What one costs beside its text: its key, its place in the map. */
const ROW_CHARACTERS = 100

const spaceOf = (texts: Texts, tenant: string, kind: string): Map<string, string | null> => {
  let ofTenant = texts.get(tenant)
  if (ofTenant === undefined) texts.set(tenant, (ofTenant = new Map()))
  let space = ofTenant.get(kind)
  if (space === undefined) ofTenant.set(kind, (space = new Map()))
  return space
}

export class RecentDocuments {
  /** In two generations: what is asked for moves to the young one, and when that is full the old one goes. */
  #young: Texts = new Map()
  #old: Texts = new Map()
  #characters = 0
  readonly #checkpoints = new Map<string, Row>()

  #keep(tenant: string, kind: string, key: string, text: string | null): void {
    spaceOf(this.#young, tenant, kind).set(key, text)
    this.#characters += ROW_CHARACTERS + (text?.length ?? 0)
    if (this.#characters < RECENT_DOCUMENT_CHARACTERS / 2) return
    this.#old = this.#young
    this.#young = new Map()
    this.#characters = 0
  }

  #find(tenant: string, kind: string, key: string): string | null | undefined {
    const young = this.#young.get(tenant)?.get(kind)?.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(tenant)?.get(kind)?.get(key)
    if (old !== undefined) this.#keep(tenant, kind, key, old)
    return old
  }

  /** `ids`: three texts each. undefined: not all of them are here. */
  get(ids: ReadonlyArray<string>): ReadonlyArray<string | null> | undefined {
    if (ids.length > 3 * RECENT_DOCUMENTS) return undefined
    const found: Array<string | null> = []
    for (let i = 0; i < ids.length; i += 3) {
      const text = this.#find(ids[i]!, ids[i + 1]!, ids[i + 2]!)
      if (text === undefined) return undefined
      found.push(text)
    }
    return found
  }

  /** undefined: it is not here. */
  checkpoint(name: string): Row | undefined {
    return this.#checkpoints.get(name)
  }

  /** What the thread has answered. To be told of every reply, in their order. */
  replied(request: Request, reply: Reply): void {
    if (request.op === "clear") this.clear()
    else if (request.op === "commit") {
      if (!reply.ok) this.#forget(request)
      else if ((reply.answer as Answers["commit"])._tag === "Appended") this.#written(request)
    } else if (!reply.ok) return
    else if (request.op === "get") this.#read(request.ids, reply.answer as Answers["get"])
    else if (request.op === "checkpoint") this.#checkpoints.set(request.name, reply.answer as Row)
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
    this.#characters = 0
    this.#checkpoints.clear()
  }

  #read(ids: ReadonlyArray<string>, texts: Answers["get"]): void {
    if (texts.length > RECENT_DOCUMENTS) return
    for (const [i, text] of texts.entries()) this.#keep(ids[3 * i]!, ids[3 * i + 1]!, ids[3 * i + 2]!, text)
  }

  #written(request: CommitRequest): void {
    const { checkpoint, documents } = request
    if (checkpoint !== null) this.#checkpoints.set(checkpoint[0], checkpoint)
    // Of a page of records none is asked for soon, and to hold them all would be work for the collection of garbage.
    if (documents.length > 4 * RECENT_DOCUMENTS) this.#drop(documents)
    else
      for (let i = 0; i < documents.length; i += 4)
        this.#keep(documents[i]!, documents[i + 1]!, documents[i + 2]!, documents[i + 3]!)
  }

  /** Its outcome may be unknown. */
  #forget({ checkpoint, documents }: CommitRequest): void {
    if (checkpoint !== null) this.#checkpoints.delete(checkpoint[0])
    this.#drop(documents)
  }

  #drop(documents: CommitRequest["documents"]): void {
    for (let i = 0; i < documents.length; i += 4)
      for (const texts of [this.#young, this.#old])
        texts
          .get(documents[i]!)
          ?.get(documents[i + 1]!)
          ?.delete(documents[i + 2]!)
  }
}
