// Plants bugs in modules of the engine's process: PLANT=[{"file": "…", "from": "…", "to": "…"}]. Preloaded by --import.
import { registerHooks } from "node:module"

const plants = JSON.parse(process.env.PLANT)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const plant = plants.find(({ file }) => url.endsWith(file))
    if (plant === undefined) return loaded
    const { file, from, to } = plant
    const source = String(loaded.source)
    if (!source.includes(from)) throw new Error(`${file} does not say: ${from}`)
    return { ...loaded, source: source.replace(from, () => to) }
  },
})
