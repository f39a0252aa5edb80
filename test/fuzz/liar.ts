/** Stands before a sandbox: passes calls on, and changes what is answered. */
import type { Json } from "@concordat/model/json"
import * as fc from "fast-check"
import { createServer, type ServerResponse } from "node:http"
import { type Change, changed, tear, textOf, type Torn, torn } from "./hostile.ts"

/** `header`: one that says what is not so. `again`: the answer before, whatever was asked. */
export interface Lie {
  readonly torn: Torn
  readonly status: number | null
  readonly header: readonly [name: string, value: string] | null
  readonly length: number | null
  readonly again: boolean
}
export const lie: fc.Arbitrary<Lie> = fc.record({
  torn,
  status: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(200, 202, 204, 207, 301, 400, 401, 403, 404, 409, 414, 429, 500, 502, 599),
    },
  ),
  header: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<readonly [string, string]>(
        ["content-encoding", "gzip"],
        ["content-encoding", "br"],
        ["content-encoding", "deflate"],
        ["content-type", "text/html"],
        ["retry-after", "soon"],
        ["retry-after", "-5"],
        ["retry-after", "1e99"],
        ["date", "yesterday"],
        ["location", "http://127.0.0.1:1/"],
        ["x-hubspot-ratelimit-daily-remaining", "many"],
      ),
    },
  ),
  length: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(-10, 10, 1) }),
  again: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})

export interface Told {
  /** Answers that are passed on as they are, before the first that is not. */
  readonly honest: number
  /** So many are not; then they are again. Absent: all that follow. */
  readonly lies?: number
  readonly changes: ReadonlyArray<Change>
  readonly lie: Lie
}

export interface Liar {
  readonly url: string
  readonly tell: (told: Told) => void
  /** How many answers were not passed on as they were. */
  readonly lies: () => number
  readonly close: () => Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

const HOP = new Set(["content-length", "transfer-encoding", "connection", "content-encoding", "keep-alive"])

const asked = async (url: string, init: RequestInit): Promise<Answer> => {
  const answer = await fetch(url, init)
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !HOP.has(name)))
  return { status: answer.status, headers, text: await answer.text() }
}

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const answerWith = (response: ServerResponse, { headers, status, text }: Answer, told: Told): void => {
  const { header, length, status: other, torn } = told.lie
  const value = parsed(text)
  const body = tear(value === undefined ? text : textOf(changed(value, told.changes)), torn)
  response.writeHead(other ?? status, {
    ...headers,
    ...(header === null ? {} : { [header[0]]: header[1] }),
    ...(length === null ? {} : { "content-length": String(Math.max(0, body.length + length)) }),
  })
  // A length that is not kept leaves the socket in the middle of an answer: it is closed, or the caller would wait.
  response.write(body, () => (length === null ? response.end() : response.destroy()))
}

export const startLiar = async (upstream: string): Promise<Liar> => {
  let told: Told | null = null
  let left = 0
  let more = 0
  let lies = 0
  let before: Answer | null = null
  const server = createServer({ keepAlive: false }, (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).flatMap(([name, value]) =>
          typeof value === "string" && name !== "host" && name !== "accept-encoding" && !HOP.has(name)
            ? [[name, value]]
            : [],
        ),
      ) as Record<string, string>
      const method = request.method ?? "GET"
      const body = method === "GET" ? {} : { body: Buffer.concat(chunks) }
      void asked(`${upstream}${request.url}`, { method, headers, ...body }).then(
        (real) => {
          const now = told
          const answer = now?.lie.again === true && before !== null ? before : real
          before = real
          if (now === null || left-- > 0 || more-- <= 0)
            return void response.writeHead(real.status, real.headers).end(real.text)
          lies += 1
          return answerWith(response, answer, now)
        },
        () => response.destroy(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    url: `http://127.0.0.1:${address.port}`,
    tell: (next) => {
      told = next
      left = next.honest
      more = next.lies ?? Number.POSITIVE_INFINITY
    },
    lies: () => lies,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}
