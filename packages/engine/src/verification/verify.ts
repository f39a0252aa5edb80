/**
 * Decides all facts of a journal again, from nothing, and compares what comes out with what stands there: the reconciler
 * itself over other layers. The journal is only read, so the engine may go on meanwhile; what it has not decided yet is left out.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { makeCompilers } from "../flows/Compilers.ts"
import { makeReconciler } from "../flows/Reconciler.ts"
import { foreignPlace } from "../flows/reached.ts"
import { checkpointOf } from "../ownership/shares.ts"
import { Commit } from "../ports/Commit.ts"
import { Journal } from "../ports/Journal.ts"
import { State } from "../ports/State.ts"
import { makeComparing, VERIFIED } from "./comparing.ts"
import { findExtras } from "./extras.ts"
import { factsOf } from "./facts.ts"
import { VerificationImpossible } from "./failures.ts"
import { Findings } from "./findings.ts"

export interface Verification {
  readonly journal: Context.Service.Shape<typeof Journal>
  /** The engine's own state: only how far it has decided is asked of it. */
  readonly state: Context.Service.Shape<typeof State>
  /** An empty store for the state that is made on the way. */
  readonly scratch: Context.Context<State | Commit>
  /** How the reconciling is divided there. */
  readonly shares: ReadonlyArray<string>
  /** Null: all of them. */
  readonly tenant: string | null
  /** Told after each page: facts read so far. */
  readonly onProgress: (facts: number) => Effect.Effect<void>
}

/** Answers by tenant; fails with what the stores say, or where an event can't be read. */
export const verify = Effect.fn("Verification.verify")(function* (options: Verification) {
  const { journal, onProgress, scratch, shares, state, tenant } = options
  const findings = new Findings()
  const scratchState = Context.get(scratch, State)
  for (const share of shares) {
    // A state that was dropped, or never made, says nothing of how far it came: then all facts count as decided.
    const until = yield* state.checkpoint(checkpointOf(share))
    const foreign = until === null ? null : yield* foreignPlace(journal, until)
    if (foreign !== null)
      return yield* new VerificationImpossible({
        detail:
          `the state was made from another journal, or from more of it: at ${foreign.position} the journal has ` +
          `another event or none; restore the journal, or drop the state and let the engine rebuild it`,
      })
    const onPage = Effect.suspend(() => onProgress(findings.facts))
    const reconciler = yield* makeReconciler(makeCompilers(), { share }).pipe(
      Effect.provideService(Journal, factsOf({ journal, until, tenant, findings, onPage })),
      Effect.provideService(State, scratchState),
      Effect.provideService(Commit, makeComparing({ journal, findings, scratch: Context.get(scratch, Commit) })),
    )
    yield* reconciler.drain
    yield* findExtras({ journal, scratch: scratchState, share, until, tenant, findings })
  }
  return yield* Effect.forEach(findings.tenants, (name) =>
    Effect.map(scratchState.count({ tenant: name, kind: VERIFIED, prefix: "" }), (streams) =>
      findings.tenant(name, streams),
    ),
  )
})
