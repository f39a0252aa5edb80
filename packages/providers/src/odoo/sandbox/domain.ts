/** Search domains, compiled to a test of one row; datetimes compare as the version does. */
import { type Environment, fieldOf, modelOf } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import type { Field, Model } from "./schema.ts"
import { dateValue, datetimeLiteral, secondOf } from "./time.ts"
import { displayName } from "./display.ts"
import type { Json, Row, Value } from "./wire.ts"

type Test = (row: Row) => boolean

export interface Compiled {
  readonly test: Test
  /** No row below this id can match. */
  readonly from: number
  /** Only these can match, where the domain lists them. */
  readonly only: ReadonlyArray<number> | undefined
  readonly namesActive: boolean
}

const isLeaf = (item: Json): item is ReadonlyArray<Json> => Array.isArray(item)

const invalid = (item: Json) => new OdooFault("ValueError", `Invalid leaf ${JSON.stringify(item)}`)

const likePattern = (text: string, whole: boolean, insensitive: boolean): RegExp => {
  const body = text.replace(/\\([\\%_])|([%_])|[.*+?^${}()|[\]\\]/g, (found, escaped?: string, wild?: string) =>
    wild === "%" ? ".*" : wild === "_" ? "." : escaped === undefined ? `\\${found}` : `\\${escaped}`,
  )
  return new RegExp(whole ? `^${body}$` : body, insensitive ? "is" : "s")
}

const literal = (field: Field, value: Json, version: 17 | 19): Value => {
  if (value === null || value === false) return false
  if (field.type === "datetime") return datetimeLiteral(String(value), version)
  if (field.type === "date") return dateValue(String(value).slice(0, 10))
  if (["integer", "many2one", "many2one_reference", "float", "monetary"].includes(field.type)) {
    const number = typeof value === "number" ? value : Number(value)
    if (Number.isNaN(number))
      throw new OdooFault("ValueError", `invalid literal for int() with base 10: '${String(value)}'`)
    return number
  }
  return typeof value === "number" || value === true ? value : String(value)
}

const compare = (operator: string, left: Value, right: Value): boolean => {
  if (left === false || right === false) return false
  if (operator === "<") return left < right
  if (operator === "<=") return left <= right
  if (operator === ">") return left > right
  return left >= right
}

/** 17 hands the literal to PostgreSQL, which compares microseconds; 19 means whole seconds on both sides. */
const datetimeTest = (name: string, operator: string, at: number, version: 17 | 19): Test => {
  const value = (row: Row) => row[name]
  if (version === 17) {
    if (operator === "=") return (row) => value(row) === at
    if (operator === "!=") return (row) => value(row) !== at
    return (row) => compare(operator, value(row) ?? false, at)
  }
  const second = secondOf(at)
  const end = second + 1_000_000
  const inSecond: Test = (row) => compare(">=", value(row) ?? false, second) && compare("<", value(row) ?? false, end)
  if (operator === "=") return inSecond
  if (operator === "!=") return (row) => !inSecond(row)
  if (operator === ">") return (row) => compare(">=", value(row) ?? false, end)
  if (operator === "<=") return (row) => compare("<", value(row) ?? false, end)
  return (row) => compare(operator, value(row) ?? false, second)
}

const falsy = (field: Field, value: Value | undefined): boolean =>
  value === undefined ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  // A boolean column holds false, any other an empty value.
  (field.type === "boolean" && value !== true)

const leafTest = (env: Environment, model: Model, leaf: ReadonlyArray<Json>): Test => {
  const [path, rawOperator, operand] = leaf
  if ((path === 1 || path === 0) && rawOperator === "=") return () => path === operand
  if (typeof path !== "string" || typeof rawOperator !== "string" || operand === undefined) throw invalid(leaf)
  const operator = rawOperator === "<>" ? "!=" : rawOperator === "==" ? "=" : rawOperator
  const dot = path.indexOf(".")
  const name = dot < 0 ? path : path.slice(0, dot)
  const field = fieldOf(model, name)
  if (dot >= 0) {
    if (field.relation === undefined) throw invalid(leaf)
    const inner = leafTest(env, modelOf(env, field.relation), [path.slice(dot + 1), rawOperator, operand])
    return (row) => {
      const held = row[name]
      const ids = Array.isArray(held) ? held : typeof held === "number" ? [held] : []
      return ids.some((id) => {
        const other = env.tx.get(field.relation!, id)
        return other !== undefined && inner(other)
      })
    }
  }
  if (field.store === false)
    throw new OdooFault("ValueError", `Non-stored field ${model.name}.${name} cannot be searched.`)

  if (operator === "in" || operator === "not in") {
    const items = Array.isArray(operand) ? operand : [operand]
    const seconds = field.type === "datetime" && env.version === 19
    const wanted = new Set(items.map((item) => literal(field, item as Json, env.version)))
    const rounded = seconds
      ? new Set([...wanted].map((each) => (typeof each === "number" ? secondOf(each) : each)))
      : wanted
    const has: Test = (row) => {
      const held = row[name]
      if (falsy(field, held)) return rounded.has(false)
      if (Array.isArray(held)) return held.some((id) => rounded.has(id))
      return rounded.has(seconds && typeof held === "number" ? secondOf(held) : (held as Value))
    }
    return operator === "in" ? has : (row) => !has(row)
  }
  if (operator.endsWith("like")) {
    const negative = operator.startsWith("not ")
    const bare = negative ? operator.slice(4) : operator
    const pattern = likePattern(String(operand), bare.startsWith("="), bare.includes("ilike"))
    const matches: Test = (row) => {
      const held = row[name]
      if (falsy(field, held)) return false
      if (field.relation !== undefined) {
        const ids = Array.isArray(held) ? held : [held as number]
        return ids.some((id) => pattern.test(displayName(env, field.relation!, id)))
      }
      return pattern.test(String(held))
    }
    return negative ? (row) => !matches(row) : matches
  }
  if (!["=", "!=", "<", "<=", ">", ">="].includes(operator)) throw invalid(leaf)
  const right = literal(field, operand, env.version)
  if (field.type === "datetime" && typeof right === "number") return datetimeTest(name, operator, right, env.version)
  if (operator === "=" || operator === "!=") {
    const equals: Test = (row) => {
      const held = row[name]
      if (right === false) return falsy(field, held)
      return Array.isArray(held) ? held.includes(right as number) : held === right
    }
    return operator === "=" ? equals : (row) => !equals(row)
  }
  return (row) => compare(operator, row[name] ?? false, right)
}

/** Polish notation, with an implied `&` between what stands side by side. */
export const compileDomain = (env: Environment, model: Model, domain: Json | undefined): Compiled => {
  const items = domain === undefined || domain === null || domain === false ? [] : domain
  if (!Array.isArray(items)) throw invalid(items)
  const hasOperators = items.some((item) => item === "|" || item === "!" || item === "&")
  const stack: Array<Test> = []
  const pop = (item: Json): Test => {
    const top = stack.pop()
    if (top === undefined) throw invalid(item)
    return top
  }
  for (const item of (items as ReadonlyArray<Json>).toReversed()) {
    if (isLeaf(item)) stack.push(leafTest(env, model, item))
    else if (item === "!") {
      const inner = pop(item)
      stack.push((row) => !inner(row))
    } else if (item === "&" || item === "|") {
      const left = pop(item)
      const right = pop(item)
      stack.push(item === "&" ? (row) => left(row) && right(row) : (row) => left(row) || right(row))
    } else throw invalid(item)
  }
  const leaves = (items as ReadonlyArray<Json>).filter(isLeaf)
  const bounds = hasOperators ? [] : leaves.filter(([name]) => name === "id")
  const from = bounds
    .filter(([, operator]) => operator === ">" || operator === ">=")
    .map(([, operator, value]) => Number(value) + (operator === ">" ? 1 : 0))
  const listed = bounds.find(([, operator, value]) => operator === "in" && Array.isArray(value))?.[2]
  const one = bounds.find(([, operator]) => operator === "=")?.[2]
  return {
    test: (row) => stack.every((each) => each(row)),
    from: Math.max(0, ...from),
    only: Array.isArray(listed) ? listed.map(Number) : typeof one === "number" ? [one] : undefined,
    namesActive: leaves.some(([name]) => name === "active"),
  }
}
