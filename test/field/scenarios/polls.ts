/** (2) (3) (4) (5) (7) What polls alone have to find: no webhook arrives in any of these. */
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import { type Crm, people, type Scenario } from "../scenario.ts"
import { HOUR, Scene, SECOND, SILENT } from "../scene.ts"

/** A page of the people that changed. */
const isSearch = ({ body, url }: HttpCall, crm: Crm): boolean => {
  const text = typeof body === "string" ? body : ""
  return crm === "hubspot" ? url.endsWith("/contacts/search") : /res\.partner/.test(url + text) && isWalk(text)
}
const isWalk = (text: string): boolean => text.includes('"write_date",">="')

/** One that goes on after another. */
const isLaterPage = (call: HttpCall, crm: Crm): boolean => {
  const text = typeof call.body === "string" ? call.body : ""
  return isSearch(call, crm) && (crm === "hubspot" ? text.includes('"GT"') : /\["id",">",[1-9]/.test(text))
}

export const duringBackfill: Scenario = {
  number: 2,
  name: "edits during the first sync",
  says: "50 edits to pages that the first sync has read already",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], webhooks: SILENT })
    const keys = people(count(2_000, 1_200))
    scene.seed(keys, [crm])
    const edits = count(50, 30)
    let isDone = false
    scene.intercept(crm, (_, serve) => {
      const read = isDone ? [] : keys.filter((key) => scene.watch.wasRead(crm, scene.idOf(crm, key)))
      if (read.length >= keys.length / 2 && read.length < keys.length) {
        isDone = true
        for (let n = 0; n < edits; n += 1) scene.edit(crm, read[n * Math.floor(read.length / edits)]!, "title")
        scene.mark()
      }
      return serve()
    })
    await scene.begin()
    if (!isDone) scene.unkept.push("nothing was edited during the first sync")
    return scene.result()
  },
}

export const indexLag: Scenario = {
  number: 3,
  name: "index lag",
  says: "60 edits that search shows 30 s later, with a poll each 5 s",
  over: ["hubspot"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, {
      sides: ["app", crm],
      webhooks: SILENT,
      pollMs: { [crm]: 5 * SECOND },
      indexLagMs: [30 * SECOND, 30 * SECOND],
    })
    const keys = people(count(300, 100))
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    for (const key of keys.slice(0, 60)) {
      await scene.pass(500)
      scene.edit(crm, key, "title")
    }
    scene.mark()
    return scene.result()
  },
}

export const lateCommit: Scenario = {
  number: 3,
  name: "a transaction of 15 s",
  says: "60 edits dated 15 s before they are committed, with a poll each 5 s",
  over: ["odoo"],
  play: async ({ count, title }) => {
    const scene = new Scene(title, { sides: ["app", "odoo"], webhooks: SILENT, pollMs: { odoo: 5 * SECOND } })
    const keys = people(count(300, 100))
    scene.seed(keys, ["odoo"])
    await scene.begin()
    await scene.agreement(HOUR)
    const { backdoor } = scene.odoo
    const tx = backdoor.begin()
    for (const key of keys.slice(0, 60)) {
      const vals = { function: scene.fresh("title", key) }
      scene.entered("odoo", key, "title", vals.function)
      scene.does(backdoor.put({ model: "res.partner", id: Number(scene.idOf("odoo", key)), vals, tx }))
    }
    await scene.pass(15 * SECOND)
    scene.does(backdoor.commit(tx))
    scene.mark()
    return scene.result()
  },
}

export const oneMoment: Scenario = {
  number: 4,
  name: "one millisecond",
  says: "150 edits in one millisecond, with a poll in the middle of it",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], webhooks: SILENT, pollMs: { [crm]: 5 * SECOND } })
    const keys = people(count(300, 160))
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    let isDone = false
    scene.intercept(crm, (call, serve) => {
      if (isDone || !isSearch(call, crm)) return serve()
      isDone = true
      scene.mark()
      for (const key of keys.slice(0, 75)) scene.edit(crm, key, "title")
      const answer = serve()
      for (const key of keys.slice(75, 150)) scene.edit(crm, key, "title")
      return answer
    })
    await scene.happens("a poll", () => isDone)
    return scene.result()
  },
}

export const sharedSecond: Scenario = {
  number: 4,
  name: "ties over three pages",
  says: "2,400 rows with one date, more than two pages, with a poll in the middle of it",
  over: ["odoo"],
  play: async ({ count, title }) => {
    const scene = new Scene(title, { sides: ["app", "odoo"], webhooks: SILENT, pollMs: { odoo: 5 * SECOND }, odoo: 19 })
    const keys = people(count(2_400, 1_100))
    scene.seed(keys, ["odoo"])
    await scene.begin()
    await scene.agreement(HOUR)
    scene.mark()
    const half = keys.length / 2
    for (const key of keys.slice(0, half)) scene.edit("odoo", key, "title")
    let isDone = false
    scene.intercept("odoo", (call, serve) => {
      if (!isDone && isSearch(call, "odoo")) {
        isDone = true
        for (const key of keys.slice(half)) scene.edit("odoo", key, "title")
      }
      return serve()
    })
    await scene.happens("a poll", () => isDone)
    return scene.result()
  },
}

export const bulkEdit: Scenario = {
  number: 5,
  name: "bulk edit",
  says: "12,000 records edited in one hour, more than a search returns",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], webhooks: SILENT, pollMs: { [crm]: 60 * SECOND } })
    const keys = people(count(12_000, 600))
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(6 * HOUR)
    for (let minute = 0; minute < 60; minute += 1) {
      const each = Math.ceil(keys.length / 60)
      for (const key of keys.slice(minute * each, (minute + 1) * each)) scene.edit(crm, key, "title")
      await scene.pass(60 * SECOND)
    }
    scene.mark()
    return scene.result()
  },
}

export const shiftingPages: Scenario = {
  number: 7,
  name: "pages that shift",
  says: "60 rows edited while the pages of a search are read: before, on and behind the page",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], webhooks: SILENT })
    const many = crm === "odoo" ? count(2_400, 1_300) : count(700, 450)
    const keys = people(many + 100)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    for (const key of keys.slice(0, many)) scene.edit(crm, key, "phone")
    let isDone = false
    scene.intercept(crm, (call, serve) => {
      if (isDone || !isLaterPage(call, crm)) return serve()
      isDone = true
      for (let n = 0; n < 60; n += 1) scene.edit(crm, keys[n * Math.floor(keys.length / 60)]!, "title")
      scene.mark()
      return serve()
    })
    await scene.happens("a second page of a search", () => isDone)
    return scene.result()
  },
}
