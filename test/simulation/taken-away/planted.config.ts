/** The tests' own configuration, with a rule taken out of the text of one module; `CONCORDAT_PLANT` says which. */
import { defineConfig, mergeConfig } from "vitest/config"
import base from "../../../vitest.config.ts"
import type { Plant } from "../crew.ts"

const { file, from, to } = JSON.parse(process.env["CONCORDAT_PLANT"] ?? "") as Plant

export default mergeConfig(
  base,
  defineConfig({
    // A module with something taken out of it is kept for nobody else, and none that was kept stands in its place.
    test: { fsModuleCache: false },
    plugins: [
      {
        name: "planted",
        enforce: "pre",
        transform: (source, id) => {
          if (!id.endsWith(file)) return null
          if (!source.includes(from)) throw new Error(`${file} does not say: ${from}`)
          return { code: source.replace(from, () => to), map: null }
        },
      },
    ],
  }),
)
