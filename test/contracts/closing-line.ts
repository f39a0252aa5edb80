/** The closing lines of a test run: which adapters each port's contract ran on, and which it did not and why. */
import type { Reporter, TestModule, TestSuite } from "vitest/node"

/** Suites of contracts are named `Port: adapter`. */
const TITLE = /^(\w+): (.+)$/

interface Ran {
  readonly on: Array<string>
  readonly not: Array<string>
}

const note = (ports: Map<string, Ran>, suite: TestSuite): void => {
  const [, port, adapter] = TITLE.exec(suite.name) ?? []
  if (port === undefined || adapter === undefined) return
  const ran = ports.get(port) ?? { on: [], not: [] }
  ports.set(port, ran)
  const tests = [...suite.children.allTests()]
  const skipped = tests.every((test) => test.result().state === "skipped")
  // Where there is nothing to run on, the one test there is says why.
  if (skipped) ran.not.push(`${adapter} (${tests.length === 1 ? tests[0]!.name : "not selected"})`)
  else ran.on.push(adapter)
}

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const ports = new Map<string, Ran>()
    for (const module of modules)
      if (module.moduleId.includes("/test/contracts/")) for (const suite of module.children.suites()) note(ports, suite)
    for (const [port, { on, not }] of ports) {
      const others = not.length === 0 ? "" : `; not on ${not.join(", ")}`
      process.stdout.write(`${port} contract ran on ${on.length === 0 ? "nothing" : on.join(", ")}${others}\n`)
    }
  }
}
