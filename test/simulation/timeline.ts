/**
 * Virtual time: one list of what is to run now and one of what runs later. Nothing here reads a real clock, and of two
 * things for one moment the one that was asked for first comes first, so that a seed decides everything.
 */

/** Whose work it is. What a dead owner left behind is not run. */
export interface Owner {
  readonly isAlive: boolean
  /** Told before each piece of its work; may end the owner, and then the piece is dropped too. */
  readonly onTurn?: () => void
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly owner: Owner
  run: (() => void) | null
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** More turns than that in one moment mean that something goes round in circles. */
const TURNS_A_MOMENT = 2_000_000

/** A turn of the real event loop: promises that are resolved have run their reactions by then. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

export class Timeline {
  /** ms since 1970. */
  now: number
  /** Pieces of work that were run. */
  turns = 0
  #order = 0
  #turnsAtNow = 0
  #isDirty = false
  #failure: { readonly error: unknown } | null = null
  readonly #heap: Array<Timer> = []
  #ready: Array<{ readonly owner: Owner; readonly run: () => void }> = []

  constructor(start: number) {
    this.now = start
  }

  /** After everything that is to run now. */
  post(owner: Owner, run: () => void): void {
    this.#ready.push({ owner, run })
  }

  /** Not before `ms` from now. The returned function takes it back. */
  after(owner: Owner, ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.now + Math.max(0, Math.ceil(ms)), order: this.#order++, owner, run }
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
    return () => {
      timer.run = null
    }
  }

  /** Somebody resolved a promise: its reactions are waited for before time goes on. */
  promised(): void {
    this.#isDirty = true
  }

  /** Something went wrong where nobody waits for it: whoever lets time pass is told. */
  readonly fail = (error: unknown): void => {
    this.#failure ??= { error }
  }

  /** Runs everything up to a time, ms since 1970, which is then now. */
  async until(time: number): Promise<void> {
    for (;;) {
      this.#drain()
      if (this.#failure !== null) throw this.#failure.error
      if (this.#isDirty) {
        this.#isDirty = false
        await turn()
        continue
      }
      const next = this.#heap[0]
      if (next === undefined || next.at > time) break
      this.#pop()
      if (next.at > this.now) this.#turnsAtNow = 0
      this.now = next.at
      if (next.run !== null && next.owner.isAlive) this.#run(next.owner, next.run)
    }
    this.now = time
  }

  #run(owner: Owner, run: () => void): void {
    this.turns += 1
    this.#turnsAtNow += 1
    if (this.#turnsAtNow > TURNS_A_MOMENT)
      throw new Error(`no end of what is done at ${new Date(this.now).toISOString()}`)
    owner.onTurn?.()
    if (owner.isAlive) run()
  }

  #drain(): void {
    while (this.#ready.length > 0) {
      const ready = this.#ready
      this.#ready = []
      for (const { owner, run } of ready) if (owner.isAlive) this.#run(owner, run)
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    const { length } = heap
    if (length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}
