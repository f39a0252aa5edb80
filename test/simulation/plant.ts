/** Plants a mutation in one module of a thread, before anything of the engine is loaded. */
import { registerHooks } from "node:module"
import { workerData } from "node:worker_threads"
import type { Plant } from "./crew.ts"

const { plant } = workerData as { readonly plant: Plant }

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(plant.file)) return loaded
    const source = String(loaded.source)
    if (!source.includes(plant.from)) throw new Error(`${plant.file} does not say: ${plant.from}`)
    return { ...loaded, source: source.replace(plant.from, () => plant.to) }
  },
})
