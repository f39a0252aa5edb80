import { runDemo } from "./run.ts"
import * as Effect from "effect/Effect"
const [c] = process.argv.slice(2)
const k = Number(c ?? 1)
const code = await Effect.runPromise(runDemo({ once: true, json: true, seed: Number(process.env.SEED ?? 1), dir: "/tmp/small", sizes: { contacts: 120*k, shared: 40*k, companies: 24*k, deals: 30*k, dealsTwice: 6*k, activities: 40*k } }))
console.log("code", code); process.exit(code)
