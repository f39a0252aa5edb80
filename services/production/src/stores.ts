/** The stores of the production layout, of which each service has the same: journal, state and bus, and the commit over them. */
import { layer as kurrentdb } from "@concordat/adapters/kurrentdb/KurrentDb"
import { layer as nats } from "@concordat/adapters/nats/Nats"
import { layer as postgres } from "@concordat/adapters/postgres/Postgres"
import { layerSplitCommit } from "@concordat/engine/flows/split-commit"
import { ShareDigits } from "@concordat/engine/ownership/shares"
import type { Bus } from "@concordat/engine/ports/Bus"
import type { Commit } from "@concordat/engine/ports/Commit"
import type { Journal } from "@concordat/engine/ports/Journal"
import type { Leases } from "@concordat/engine/ports/Leases"
import type { LiveTail } from "@concordat/engine/ports/LiveTail"
import type { State, StateWriter } from "@concordat/engine/ports/State"
import * as Layer from "effect/Layer"
import type { Production } from "./environment.ts"

export type Stores = Journal | State | StateWriter | Leases | Bus | LiveTail | Commit

/** Sixteen shares: of one tenant there is one reconciler anyway, and more processes than that have nothing to do. */
const SHARE_DIGITS = 1

export const layerStores = ({ bus, journal, replicas, state }: Production, name: string) =>
  layerSplitCommit.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        kurrentdb({ connectionString: journal }),
        nats({ address: bus, name, replicas }),
        postgres({ url: state, applicationName: name }),
      ),
    ),
    Layer.provideMerge(Layer.succeed(ShareDigits, SHARE_DIGITS)),
  )
