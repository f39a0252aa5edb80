/** The demo's three systems with people in them, a witness before the webhooks, and the engine between them, armed. */
import { OPERATOR_TOKEN, TENANT } from "@concordat/cli/demo/engine"
import { introduce, makeScene } from "@concordat/cli/demo/scene"
import { makeDataset } from "@concordat/cli/demo/dataset/dataset"
import type { Edit, Made } from "@concordat/cli/demo/dataset/edit"
import { makeEdits } from "@concordat/cli/demo/dataset/edits"
import type { Sizes } from "@concordat/cli/demo/dataset/sizes"
import { makeOperator, type Operator } from "@concordat/cli/demo/operator"
import { type Addresses, fetchLists, fetchStores } from "@concordat/cli/demo/oracle/fetch"
import { fromOperator } from "@concordat/cli/demo/oracle/from-operator"
import { judge, type Verdict } from "@concordat/cli/demo/oracle/judge"
import { answerMatches, live } from "@concordat/cli/demo/people"
import { backfilled, pause, settled, still, type Watch, written } from "@concordat/cli/demo/settling"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startWitness, type Witness } from "../e2e/witness.ts"
import { type Disk, makeDisk } from "./disk.ts"
import { type Engine, makeEngine } from "./engine.ts"

const ADMISSION = {
  app: { contact: true, company: true, deal: true, activity: true },
  hubspot: { contact: true, company: true, deal: true, activity: true },
  odoo: { contact: true, company: true, deal: true, activity: false },
} as const
const CONNECTIONS = { app: "app", hubspot: "hubspot", odoo: "odoo" } as const
const PATIENCE_MS = 120_000
const WORKER_MS = 20_000

export interface Stage {
  readonly dir: string
  readonly disk: Disk
  readonly engine: Engine
  readonly witness: Witness
  readonly store: string
  /** People make so many edits, that far apart; what there is no edit for any more is left out. */
  readonly edit: (count: number, betweenMs: number) => Promise<void>
  /** Waits until nothing moves, and compares the three systems. */
  readonly agreed: () => Promise<Verdict>
  readonly end: () => Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        address === null || typeof address === "string" ? reject(new Error("no port")) : resolve(address.port),
      )
    })
  })

/** The engine is watched by whoever hurts it; here nobody gives up because it is away. */
const watchOf = (engine: Engine): Watch => ({
  alive: () => {
    if (engine.ended() !== null) throw new Error(`the engine ended: ${engine.words().slice(-1_000)}`)
  },
})
const PATIENT: Watch = { alive: () => {} }

const firstSync = async (
  at: Addresses,
  engine: Engine,
  operator: Operator,
  intake: string,
  truth: Parameters<typeof answerMatches>[1],
) => {
  const watch = watchOf(engine)
  await introduce(at, engine.url, intake)
  await backfilled(operator, watch, PATIENCE_MS)
  await still(operator, at, watch)
  await answerMatches(operator, truth)
  for (const connection of ["app", "hubspot", "odoo"])
    await operator.ask({ _tag: "ArmRequested", connection, by: "operator", writesPerHour: null })
  await written(operator, watch, PATIENCE_MS)
}

/** Ready is the process; a connection's worker opens its provider a little later (409 until then). */
const readAgain = async (operator: Operator): Promise<void> => {
  for (const until = performance.now() + WORKER_MS; ; await pause(100)) {
    try {
      return await operator.readAgain("hubspot")
    } catch (error) {
      if (performance.now() > until || !String(error).includes("NotRunning")) throw error
    }
  }
}

export const makeStage = async (sizes: Partial<Sizes>, edits: number, seed: number): Promise<Stage> => {
  const dir = mkdtempSync(join(tmpdir(), "concordat-processes-"))
  const dataset = makeDataset({ ...sizes, seed })
  const disk = await makeDisk(dir)
  const scene = await makeScene(dir, dataset)
  const port = await freePort()
  const witness = await startWitness(() => `http://127.0.0.1:${port}`)
  const engine = makeEngine(dir, disk, port, scene.at, witness.url)
  const end = async (): Promise<void> => {
    engine.signal("SIGCONT")
    await engine.stop("SIGKILL")
    await scene.stop()
    await witness.close()
    disk.end()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    engine.launch()
    await engine.ready()
    const operator = makeOperator(engine.url)
    await firstSync(scene.at, engine, operator, witness.url, dataset.truth)
    const left: Array<Edit> = [...makeEdits(dataset, { count: edits })]
    let known: { readonly truth: typeof dataset.truth; readonly made: Made } = {
      truth: dataset.truth,
      made: new Map(),
    }
    return {
      dir,
      disk,
      engine,
      witness,
      store: join(disk.seen, "concordat.sqlite"),
      edit: async (count, betweenMs) => {
        for (const one of left.splice(0, count)) {
          known = await live(scene.at, PATIENT, [one], known.truth, known.made)
          await pause(betweenMs)
        }
      },
      agreed: async () => {
        const watch = watchOf(engine)
        // An association that changes moves no date in HubSpot: what no webhook told of is found by reading again.
        await readAgain(operator)
        await settled(operator, scene.at, watch)
        if ((await answerMatches(operator, known.truth)) > 0) await settled(operator, scene.at, watch)
        const [records, lists] = await Promise.all([
          fetchStores(scene.at),
          fetchLists({ address: engine.url, token: OPERATOR_TOKEN, tenant: TENANT }),
        ])
        const { entities, listed } = fromOperator(lists)
        return judge({ truth: known.truth, records, entities, listed, admission: ADMISSION, connections: CONNECTIONS })
      },
      end,
    }
  } catch (error) {
    await end()
    throw error
  }
}
