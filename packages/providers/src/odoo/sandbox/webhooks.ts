/** What automation rules send: several posts for one call, unsigned, with `write_date` in microseconds. */
import { type Environment, fieldOf, modelOf } from "./environment.ts"
import { served, valueOf } from "./display.ts"
import { toMicroseconds } from "./time.ts"
import type { Json, WebhookPost } from "./wire.ts"

/** Posts for the marks that a call left, in order. Each may be lost, doubled or kept back. */
export const postsOf = (env: Environment, random: () => number): ReadonlyArray<WebhookPost> => {
  const rule = env.settings.webhook
  if (rule === null || rule.url === "") return []
  return env.hooks.flatMap(({ model: name, event, row }) => {
    const fields = rule.models[name]
    if (fields === undefined || (event === "unlink" && !rule.onUnlink)) return []
    const model = modelOf(env, name)
    const body: Record<string, Json> = {
      _action: "sync hook(#231)",
      _id: Number(row["id"]),
      _model: name,
      id: Number(row["id"]),
    }
    for (const each of fields) {
      const field = fieldOf(model, each)
      const value = field.type === "datetime" ? valueOf(env, model, each, field, row) : undefined
      body[each] = typeof value === "number" ? toMicroseconds(value) : served(env, model, each, field, row, false)
    }
    const times = event === "create" ? rule.postsPerCreate : event === "write" ? rule.postsPerWrite : 1
    return Array.from({ length: times }).flatMap(() => {
      if (random() < rule.dropRate) return []
      const post = {
        url: rule.url,
        headers: { "content-type": "json", "user-agent": "python-requests/2.31.0" },
        body: JSON.stringify(body),
        delayMs: random() < rule.delayRate ? rule.delayMs : 0,
      }
      return random() < rule.duplicateRate ? [post, post] : [post]
    })
  })
}
