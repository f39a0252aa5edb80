// Plants a bug in one module of the engine's process: PLANT={"file": "…", "from": "…", "to": "…"}. Preloaded by --import.
import { registerHooks } from "node:module"

const { file, from, to } = JSON.parse(process.env.PLANT)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(file)) return loaded
    const source = String(loaded.source)
    if (!source.includes(from)) throw new Error(`${file} does not say: ${from}`)
    return { ...loaded, source: source.replace(from, () => to) }
  },
})
