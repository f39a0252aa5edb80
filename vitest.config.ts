import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/**/*.test.ts", "services/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./test/contracts/closing-line.ts"],
    testTimeout: 30_000,
    // Two cores: more workers would only take turns.
    maxWorkers: 2,
  },
})
