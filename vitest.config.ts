import { defineConfig } from "vitest/config"
import { LongestFirst } from "./test/longest-first.ts"

/** What plays the engine in the test's own process. */
const IN_PROCESS = "test/{contracts,engine,kurrentdb,reconciler,simulation}/**/*.test.ts"
const SEEDS = "test/simulation/seeds.test.ts"

export default defineConfig({
  test: {
    projects: [
      // Two threads of its own keep both cores busy, and how long the proof takes says something only with nothing beside it.
      { extends: true, test: { name: "seeds", include: [SEEDS], sequence: { groupOrder: 0 } } },
      // Nothing in them outlives its test, so they share their workers: half of their time was loading the same modules again.
      {
        extends: true,
        test: {
          name: "shared",
          include: ["{packages,services}/**/*.test.ts", IN_PROCESS],
          exclude: ["**/node_modules/**", SEEDS],
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "whole",
          include: ["test/**/*.test.ts"],
          exclude: ["**/node_modules/**", IN_PROCESS],
          sequence: { groupOrder: 1 },
        },
      },
    ],
    reporters: ["default", "./test/contracts/closing-line.ts"],
    // For a machine that others use too: what is merely slow is no fault. Only what hangs takes so long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two more than the two cores: tests of processes mostly wait, and leave their core to the others.
    maxWorkers: 4,
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    // Each thread that loads TypeScript has its own copy of Node's parser in WebAssembly. Where many threads begin at once, V8
    // can crash as it replaces what leads from it to JavaScript by something faster (seen as a failed check of
    // `jit_page.has_value()`; of the kind of https://github.com/nodejs/node/issues/64500). So nothing is replaced.
    execArgv: ["--wasm-wrapper-tiering-budget=1000000000"],
  },
})
