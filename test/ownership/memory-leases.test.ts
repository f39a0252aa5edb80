/** The leases that other tests stand on keep the contract of the real ones. */
import { Leases } from "@concordat/engine/ports/Leases"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { leasesContract } from "../contracts/leases.contract.ts"
import { LeaseTable } from "./memory-leases.ts"

leasesContract(
  "memory",
  Layer.sync(Leases, () => new LeaseTable().leases),
  (ms) => TestClock.adjust(ms),
)
