/** (14) (15) (16) What happens around our own writes. */
import type { HttpAnswer } from "@concordat/engine/ports/ProviderHttp"
import { people, type Scenario } from "../scenario.ts"
import { HOUR, type Intercept, Scene, SECOND } from "../scene.ts"

/** Each second read is answered late, with what stood there when it came. */
const slowReads = (scene: Scene, ms: number): Intercept => {
  let reads = 0
  return (call, serve) => {
    if (call.writes === true) return serve()
    reads += 1
    if (reads % 2 === 0) return serve()
    const answer = async (): Promise<HttpAnswer | null> => {
      const served = await serve()
      scene.timeline.promised()
      return new Promise((resolve) => {
        scene.timeline.after(scene.world.owner, ms, () => {
          scene.timeline.promised()
          resolve(served)
        })
      })
    }
    return answer()
  }
}

export const staleRead: Scenario = {
  number: 14,
  name: "stale read",
  says: "reads that began before our write and are answered 4 s after it, 40 times",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], pollMs: { [crm]: 5 * SECOND } })
    const keys = people(80)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    scene.intercept(crm, slowReads(scene, 4 * SECOND))
    for (const key of keys.slice(0, 40)) {
      scene.edit(crm, key, "phone")
      await scene.pass(1_500)
      scene.edit("app", key, "title")
      await scene.pass(500)
    }
    scene.mark()
    return scene.result()
  },
}

export const betweenWriteAndRead: Scenario = {
  number: 15,
  name: "edit after our write",
  says: "a person edits 40 records between our write and the read after it: the same field, or another",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm] })
    const keys = people(80)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    const waiting = new Set(keys.slice(0, 40))
    scene.watch.onWritten = (side, key) => {
      if (side !== crm || !waiting.delete(key)) return
      // Before the answer to the write is back.
      scene.timeline.after(scene.world.owner, 1, () => {
        scene.edit(crm, key, waiting.size % 2 === 0 ? "title" : "phone")
        scene.mark()
      })
    }
    for (const key of keys.slice(0, 40)) {
      scene.edit("app", key, "title")
      await scene.pass(SECOND)
    }
    await scene.happens("an edit of each of them", () => waiting.size === 0)
    return scene.result()
  },
}

export const thereAndBack: Scenario = {
  number: 16,
  name: "there and back",
  says: "40 values go from A to B and back to A within two minutes, on each side",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm] })
    const keys = people(80)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    const sideOf = (n: number) => (n % 2 === 0 ? crm : "app")
    const before = keys.map((key) => scene.truth.of(key).values.get("phone") ?? "")
    for (const wait of [0, 50, 100]) {
      for (const [n, key] of keys.entries()) {
        if (wait === 50) scene.edit(sideOf(n), key, "phone", before[n]!)
        else scene.edit(sideOf(n), key, "phone")
        if (wait === 100) scene.edit(sideOf(n), key, "phone", before[n]!)
      }
      scene.mark()
      if (wait < 100) await scene.pass(50 * SECOND)
    }
    return scene.result()
  },
}
