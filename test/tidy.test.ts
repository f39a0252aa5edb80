/** The house rules as a test: who may import whom, what pure code may not touch, sizes, names, and rules with their tests. */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"

interface SourceFile {
  readonly path: string
  readonly text: string
}

const root = join(import.meta.dirname, "..")
/** Files that git knows or would take, and that are there. */
const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
const paths = listed.split("\n").filter((path) => path !== "" && existsSync(join(root, path)))
const read = (path: string): SourceFile => ({ path, text: readFileSync(join(root, path), "utf8") })
const sources = paths.filter((path) => path.endsWith(".ts")).map(read)
const isTest = (path: string) => /\.test\.ts$|\/test\/|^test\/|\/testing\//.test(path)

/** Read as: the key may import the values, and nothing else of ours. */
const MAY_IMPORT: Readonly<Record<string, ReadonlyArray<string>>> = {
  model: [],
  rules: ["model"],
  engine: ["model", "rules"],
  providers: ["model", "rules", "engine", "api"],
  adapters: ["model", "rules", "engine"],
  api: ["model"],
}

/** The same of `services`, which may import every package: of each other they may import what stands here. */
const SERVICE_MAY_IMPORT: Readonly<Record<string, ReadonlyArray<string>>> = {
  "all-in-one": [],
  cli: ["all-in-one"],
  production: ["all-in-one"],
  api: ["all-in-one", "production"],
  connector: ["all-in-one", "production"],
  ingester: ["all-in-one", "production"],
  reconciler: ["all-in-one", "production"],
}
/** A package's name is not a service's: `@concordat/api` is the contracts, `@concordat/api-service` the process. */
const isPackage = (name: string): boolean => name in MAY_IMPORT

const PURE = new Set(["model", "rules"])
/** `node:module` is there for a library that is loaded late; what reads or writes has to be named in the same way, and is found. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bsetTimeout\b|\bsetInterval\b|\bfetch\(|"node:(?!crypto"|module"|url")/

const packageOf = (path: string): string | undefined => /^packages\/([^/]+)\/src\//.exec(path)?.[1]

const serviceOf = (path: string): string | undefined => /^services\/([^/]+)\/src\//.exec(path)?.[1]

/** Comments speak of anything; only code is held to what it may touch. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "")

export const findings = (files: ReadonlyArray<SourceFile>, providers: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.flatMap(({ path, text }) => {
    const home = packageOf(path)
    const found: Array<string> = []
    const code = codeOf(text)
    if (home !== undefined && !isTest(path)) {
      for (const [, name] of code.matchAll(/from "@concordat\/([^"/]+)/g)) {
        if (name !== home && !MAY_IMPORT[home]!.includes(name!))
          found.push(`${path}: may not import @concordat/${name}`)
      }
      if (PURE.has(home) && IMPURE.test(code)) found.push(`${path}: pure code has no clock, randomness or I/O`)
      if (PURE.has(home) && /from "effect\/(?!Schema|Result|Option|Order|Predicate|Array|Equivalence)/.test(code))
        found.push(`${path}: only the stable core of effect`)
      if (home === "engine") {
        for (const name of providers)
          if (new RegExp(`\\b${name}\\b`, "i").test(text)) found.push(`${path}: names the provider ${name}`)
      }
    }
    const service = serviceOf(path)
    if (service !== undefined && !isTest(path)) {
      const allowed = SERVICE_MAY_IMPORT[service]
      if (allowed === undefined) found.push(`${path}: a service of which no rule says what it may import`)
      for (const [, name] of code.matchAll(/(?:from|import\() ?"@concordat\/([^"/]+)/g)) {
        if (!isPackage(name!) && name !== service && allowed?.includes(name!) === false)
          found.push(`${path}: may not import @concordat/${name}`)
      }
    }
    const lines = text.split("\n").length - 1
    if (lines > 400) found.push(`${path}: ${lines} lines`)
    if (/(^|\/)(utils?|helpers?|common|manager)(\.ts|\/)/.test(path)) found.push(`${path}: a name that says nothing`)
    if (
      /(\/\/|\*).*\b(TODO|FIXME|XXX)\b|@ts-(ignore|nocheck|expect-error)|\.(only|todo)\(/.test(text) &&
      path !== "test/tidy.test.ts"
    )
      found.push(`${path}: unfinished`)
    return found
  })

const providerFolders = [
  ...new Set(paths.flatMap((path) => /^packages\/providers\/src\/([^/]+)\//.exec(path)?.[1] ?? [])),
]
const named = providerFolders.filter((name) => name !== "kit" && name !== "app")
const titles = sources
  .filter(({ path }) => path.endsWith(".test.ts") || path.endsWith(".contract.ts"))
  .map(({ text }) => text)
  .join("\n")

describe("tidy", () => {
  it("holds for every file", () => assert.deepStrictEqual(findings(sources, named), []))

  it("sees what it looks for", () => {
    const bad = (path: string, text: string) => findings([{ path, text }], ["hubspot"])
    assert.deepStrictEqual(bad("packages/model/src/a.ts", 'import { x } from "@concordat/engine/x"\n'), [
      "packages/model/src/a.ts: may not import @concordat/engine",
    ])
    assert.deepStrictEqual(bad("services/all-in-one/src/a.ts", 'import { x } from "@concordat/production/x"\n'), [
      "services/all-in-one/src/a.ts: may not import @concordat/production",
    ])
    assert.deepStrictEqual(bad("services/api/src/a.ts", 'import { x } from "@concordat/production/x"\n'), [])
    assert.strictEqual(bad("services/new/src/a.ts", "\n").length, 1)
    assert.strictEqual(bad("packages/rules/src/a.ts", "const now = Date.now()\n").length, 1)
    assert.strictEqual(bad("packages/engine/src/a.ts", 'if (provider === "hubspot") go()\n').length, 1)
    assert.strictEqual(bad("packages/engine/src/utils.ts", "\n").length, 1)
    assert.strictEqual(bad("packages/engine/src/a.ts", "\n".repeat(401)).length, 1)
  })

  it("every rule of docs/rules.md has a test, and every rule that a test names is there", () => {
    const rules = read("docs/rules.md").text
    const known = new Set([...rules.matchAll(/^\| (R\d+|CE\d+) \|/gm)].map((match) => match[1]!))
    const tested = new Set([...titles.matchAll(/\[(R\d+|CE\d+)\]/g)].map((match) => match[1]!))
    assert.isAbove(known.size, 30)
    assert.deepStrictEqual(
      [...known].filter((rule) => !tested.has(rule)),
      [],
      "rules without a test",
    )
    assert.deepStrictEqual(
      [...tested].filter((rule) => !known.has(rule)),
      [],
      "tests of no rule",
    )
  })

  it("every trap of a provider has its test", () => {
    for (const provider of providerFolders) {
      const path = `packages/providers/src/${provider}/traps.md`
      if (provider === "kit") continue
      assert.isTrue(existsSync(join(root, path)), path)
      const traps = [...read(path).text.matchAll(/^\| ([A-Z]{2}\d+) \|/gm)].map((match) => match[1]!)
      assert.isAbove(traps.length, 0, path)
      assert.deepStrictEqual(
        traps.filter((trap) => !titles.includes(`[${trap}]`)),
        [],
        path,
      )
    }
  })

  it("the image installs the dependencies of every package and service", () => {
    const dockerfile = read("deploy/Dockerfile").text
    const manifests = paths.filter((path) => /^(packages|services)\/[^/]+\/package\.json$/.test(path))
    assert.deepStrictEqual(
      manifests.filter((path) => !dockerfile.includes(`COPY ${path} ${path.slice(0, path.lastIndexOf("/") + 1)}\n`)),
      [],
    )
    assert.strictEqual(
      /COPY (?:packages|services)\/\S+\/package\.json/g[Symbol.match](dockerfile)?.length,
      manifests.length,
    )
  })

  it("nothing names a machine, a registry host or a version that is not pinned", () => {
    const places = paths
      .filter((path) => !path.endsWith(".png"))
      .map(read)
      .filter(
        ({ text }) =>
          /registry\.(npmjs|yarnpkg)\.|\/work\/(main|shared)/.test(text) && !text.includes("Nothing names a machine"),
      )
    assert.deepStrictEqual(
      places.map(({ path }) => path).filter((path) => path !== "test/tidy.test.ts"),
      [],
    )
    const manifests = paths.filter((path) => path.endsWith("package.json")).map(read)
    const loose = manifests.flatMap(({ path, text }) =>
      Object.entries({ ...JSON.parse(text).dependencies, ...JSON.parse(text).devDependencies } as Record<
        string,
        string
      >)
        .filter(([, version]) => !/^(catalog:|workspace:\*|\d+\.\d+\.\d+(-[\w.]+)?)$/.test(version))
        .map(([name]) => `${path}: ${name}`),
    )
    assert.deepStrictEqual(loose, [])
  })
})
