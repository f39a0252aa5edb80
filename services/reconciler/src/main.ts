/** Owns shares of the reconciling, and one of all reconcilers announces canonical events. */
import { ANNOUNCERS, makeOwner, RECONCILERS } from "@concordat/production/owners"
import { runService } from "@concordat/production/service"
import { listen, makeBoard, optionsOf } from "@concordat/production/serving"
import { serve } from "@concordat/all-in-one/server"
import { supervised } from "@concordat/all-in-one/workers"
import { announce } from "@concordat/engine/flows/Announcer"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { own } from "@concordat/engine/ownership/owning"
import { ShareDigits, sharesOf } from "@concordat/engine/ownership/shares"
import { Leases, type LeaseToken } from "@concordat/engine/ports/Leases"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

runService("reconciler", (service) =>
  Effect.gen(function* () {
    const board = makeBoard(service)
    const { report, workers } = board
    const owner = makeOwner(yield* listen(service, serve(Layer.empty, yield* optionsOf(service, board, []))))
    const compilers = makeCompilers()

    const kept = <E, R>(name: string, worker: Effect.Effect<unknown, E, R>) =>
      supervised({ name, attempts: null, report: report(name) }, worker).pipe(
        Effect.orDie,
        Effect.onExit(() => Effect.sync(() => workers.delete(name))),
      )
    const { surpass } = yield* Leases
    /** The lease that is had next is the one to decide under, if this one is of a table that began anew. */
    const deciding = (share: string, lease: LeaseToken) => {
      const beyond = (epoch: number) => Effect.ignore(surpass({ lease, epoch }))
      return Effect.flatMap(makeReconciler(compilers, { share, lease, surpass: beyond }), ({ run }) => run)
    }

    yield* Effect.logInfo("reconciler is up", { owner })
    const shares = own({
      group: RECONCILERS,
      owner,
      names: sharesOf(yield* ShareDigits),
      work: (share, { lease }) => kept(`reconciler ${share}`, deciding(share, lease)),
    })
    const announcing = own({ group: ANNOUNCERS, owner, names: ["all"], work: () => kept("announcer", announce) })
    return yield* Effect.andThen(
      Effect.all([shares, announcing], { concurrency: "unbounded", discard: true }),
      Effect.never,
    )
  }),
)
