/** The services' side of the store: hands requests to the worker, bounds what is under way, and tells of commits. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { toFailure } from "./failures.ts"
import { PENDING_KIB } from "./limits.ts"
import {
  type Answer,
  type Answers,
  type CommitRequest,
  type Commits,
  type Committed,
  type Envelope,
  type Failure,
  MESSAGE_COLUMNS,
  type Reply,
  type Request,
} from "./protocol.ts"
import { RecentCommits } from "./recent-commits.ts"
import { RecentDocuments } from "./recent-documents.ts"
import { openStore } from "./store.ts"
import { type Line, type Listener, openThread } from "./thread.ts"

type AnyAnswer = Answers[Request["op"]]

const openInPlace = (path: string, listener: Listener): Promise<Line> => {
  try {
    const store = openStore(path)
    return Promise.resolve({
      end: store.end(),
      send: (envelopes) => store.handle(envelopes, listener.replies),
      close: () => {
        store.close()
        return Promise.resolve()
      },
    })
  } catch (cause) {
    return Promise.reject(toFailure(cause))
  }
}

const subjectsOf = ({ commands }: CommitRequest): ReadonlySet<string> =>
  new Set(commands.filter((_, i) => i % MESSAGE_COLUMNS === 0))

const kibOf = (request: Request): number => {
  if (request.op !== "commit") return 1
  let characters = 0
  for (const text of request.events) characters += text.length
  for (const text of request.documents) characters += text?.length ?? 0
  return 1 + Math.ceil(characters / 1024)
}

export interface Client {
  /** What is here already (`recent-*.ts`) is answered at once. */
  readonly request: <R extends Request>(request: R) => Effect.Effect<Answer<R>, Failure>
  /** The last position that is known to be durable. */
  readonly end: () => number
  /** Calls back after each commit with events, until the returned function is called. */
  readonly onCommit: (listener: (commits: Commits) => void) => () => void
  /**
   * Calls back with the subjects of messages that are on their way to the thread: what is asked for at once comes after them, in
   * the same go.
   */
  readonly onPublish: (listener: (subjects: ReadonlySet<string>) => void) => void
}

/**
 * @param options.path the file, or `:memory:`
 * @param options.inPlace runs the store on the caller's thread: every answer is there at once, so that a simulation
 *   on a test clock is deterministic. Not for production: an fsync would stop everything.
 */
export const openClient = Effect.fnUntraced(function* (options: {
  readonly path: string
  readonly inPlace: boolean
}): Effect.fn.Return<Client, Failure, Scope.Scope> {
  const permits = yield* Semaphore.make(PENDING_KIB)
  const waiting = new Map<
    number,
    { readonly request: Request; readonly resume: (exit: Effect.Effect<AnyAnswer, Failure>) => void }
  >()
  const [recent, documents] = [new RecentCommits(), new RecentDocuments()]
  const watchers = new Set<(commits: Commits) => void>()
  const publishing: Array<(subjects: ReadonlySet<string>) => void> = []
  let closed: Failure | null = null
  let death: Failure | null = null
  let nextId = 0
  let end = 0

  const note = (request: Request, reply: Reply): void => {
    documents.replied(request, reply)
    if (request.op === "forget" || request.op === "skip") recent.clear()
    if (request.op !== "commit" || !reply.ok) return
    const committed = reply.answer as Committed
    if (committed._tag === "Appended" && !committed.isRepeated) recent.add(request, committed.position)
  }
  const settle = (reply: Reply): void => {
    const waiter = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (waiter !== undefined) note(waiter.request, reply)
    waiter?.resume(reply.ok ? Effect.succeed(reply.answer) : Effect.fail(reply.failure))
  }
  const listener: Listener = {
    replies: (replies, commits) => {
      if (commits !== null) end = commits.end
      for (const reply of replies) settle(reply)
      if (commits !== null) for (const watcher of watchers) watcher(commits)
    },
    died: (failure) => {
      death = failure
      closed ??= failure
      for (const [id, { request }] of waiting)
        settle({ id, ok: false, failure: request.op === "commit" ? { ...failure, reason: "indeterminate" } : failure })
    },
  }

  const line = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => (options.inPlace ? openInPlace : openThread)(options.path, listener),
      catch: (failure) => failure as Failure,
    }),
    Effect.fnUntraced(function* (line) {
      closed ??= { reason: "closed", detail: `${options.path} was closed` }
      if (death === null) {
        flush()
        yield* Effect.promise(line.close)
      }
      // Nothing is lost by it, but what was not copied into the file is still in its log.
      if (death !== null) yield* Effect.logWarning("the store was not closed cleanly", death)
    }),
  )
  end = line.end

  let outbox: Array<Envelope> = []
  function flush(): void {
    if (outbox.length === 0) return
    const envelopes = outbox
    outbox = []
    line.send(envelopes)
  }
  const send = (request: Request): Effect.Effect<AnyAnswer, Failure> =>
    Effect.callback((resume) => {
      if (closed !== null) return resume(Effect.fail(closed))
      const id = ++nextId
      waiting.set(id, { request, resume })
      outbox.push({ id, request })
      // What is asked for in one go of the scheduler travels together: posting costs more than what is posted.
      if (outbox.length === 1) queueMicrotask(flush)
      if (request.op !== "commit" || request.commands.length === 0) return
      const subjects = subjectsOf(request)
      for (const listener of publishing) listener(subjects)
    })

  /** undefined: the thread is to be asked. */
  const known = (request: Request): AnyAnswer | undefined => {
    switch (request.op) {
      case "get":
        return documents.get(request.ids)
      case "checkpoint":
        return documents.checkpoint(request.name)
      case "all":
        return recent.after(request.after, request.prefixes, request.limit) ?? undefined
      case "stream":
        return recent.ofStream(request) ?? undefined
      case "end":
        return end
      default:
        return undefined
    }
  }
  const ask = (request: Request): Effect.Effect<AnyAnswer, Failure> =>
    Effect.suspend(() => {
      const answer = closed === null ? known(request) : undefined
      return answer === undefined
        ? permits.withPermits(Math.min(kibOf(request), PENDING_KIB))(send(request))
        : Effect.succeed(answer)
    })

  return {
    request: <R extends Request>(request: R) => ask(request) as Effect.Effect<Answer<R>, Failure>,
    end: () => end,
    onCommit: (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    onPublish: (listener) => void publishing.push(listener),
  }
})
