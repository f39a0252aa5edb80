/** The stores of the simulation keep the contract that the real ones keep: what is proved over them holds over those. */
import * as Layer from "effect/Layer"
import * as Clock from "effect/Clock"
import * as TestClock from "effect/testing/TestClock"
import { busContract } from "../contracts/bus.contract.ts"
import { commitContract } from "../contracts/commit.contract.ts"
import { journalContract } from "../contracts/journal.contract.ts"
import { stateContract } from "../contracts/state.contract.ts"
import { makePorts, makeStores } from "./store/ports.ts"

const NAME = "simulation"
const ports = () => Layer.succeedContext(makePorts(makeStores(() => 3)))

journalContract(NAME, ports())
stateContract(NAME, ports(), { checksKeys: false })
commitContract(NAME, ports())
busContract(NAME, ports(), { elapse: TestClock.adjust, now: Clock.currentTimeMillis, window: true })
