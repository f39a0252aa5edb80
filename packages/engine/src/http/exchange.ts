/** One HTTP exchange over node:https: checked address, bounded time and size, no redirects, nothing logged. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { lookup } from "node:dns"
import type { LookupAddress } from "node:dns"
import * as http from "node:http"
import * as https from "node:https"
import type { LookupFunction } from "node:net"
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib"
import type { HttpAnswer } from "../ports/ProviderHttp.ts"
import { isPublicAddress, literalAddress } from "./address.ts"

/** `sent`: whether the provider can have seen the request. `code` is Node's or one of ours; neither holds a value. */
export class ExchangeFailure extends Schema.TaggedError<ExchangeFailure>()("ExchangeFailure", {
  code: Schema.String,
  sent: Schema.Boolean,
}) {
  override get message(): string {
    return `no answer: ${this.code}${this.sent ? "" : " (nothing was sent)"}`
  }
}

export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
  readonly timeoutMs: number
  readonly bodyBytes: number
  readonly allowPrivateAddresses: boolean
}

export interface Agents {
  readonly http: http.Agent
  readonly https: https.Agent
}

const PRIVATE = "EPRIVATEADDRESS"
const failure = (code: string) => Object.assign(new Error(code), { code })

/** Resolves and checks in one step: the socket is opened to the very address that was checked. */
const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses: ReadonlyArray<LookupAddress>) => {
    if (error !== null) return callback(error, "", 0)
    // One private address among several is enough: which one is used would be chance.
    const first = addresses[0]
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address)))
      return callback(failure(PRIVATE), "", 0)
    if (options.all === true) return callback(null, [...addresses])
    callback(null, first.address, first.family)
  })
}

const decoded = (answer: http.IncomingMessage): NodeJS.ReadableStream => {
  switch (answer.headers["content-encoding"]) {
    case "gzip":
      return answer.pipe(createGunzip())
    case "deflate":
      return answer.pipe(createInflate())
    case "br":
      return answer.pipe(createBrotliDecompress())
    default:
      return answer
  }
}

const flat = (headers: http.IncomingHttpHeaders): Record<string, string> => {
  const names: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) names[name] = Array.isArray(value) ? value.join(", ") : value
  return names
}

/** Any status is an answer. The time runs from the request's start to the body's end. */
export const exchange = (agents: Agents, options: Exchange): Effect.Effect<HttpAnswer, ExchangeFailure> =>
  Effect.callback<HttpAnswer, ExchangeFailure>((resume) => {
    const { url } = options
    let sent = false
    const fail = (code: string) => resume(Effect.fail(new ExchangeFailure({ code, sent })))
    const literal = literalAddress(url)
    if (!options.allowPrivateAddresses && literal !== null && !isPublicAddress(literal)) return fail(PRIVATE)
    const isSecure = url.protocol === "https:"
    if (!isSecure && url.protocol !== "http:") return fail("EPROTOCOL")
    const request = (isSecure ? https : http).request(url, {
      method: options.method,
      headers: { "accept-encoding": "gzip, br", ...options.headers },
      agent: isSecure ? agents.https : agents.http,
      ...(options.allowPrivateAddresses ? {} : { lookup: publicLookup }),
    })
    const timer = setTimeout(() => request.destroy(failure("ETIMEOUT")), options.timeoutMs)
    const done = (): void => clearTimeout(timer)
    request.once("socket", (socket) => {
      const connected = (): void => {
        sent = true
      }
      if (socket.connecting) socket.once(isSecure ? "secureConnect" : "connect", connected)
      else connected()
    })
    request.once("error", (error: NodeJS.ErrnoException) => {
      done()
      fail(error.code ?? "EUNKNOWN")
    })
    request.once("response", (answer) => {
      const chunks: Array<Buffer> = []
      let size = 0
      const body = decoded(answer)
      const broken = (error: NodeJS.ErrnoException): void => {
        done()
        fail(error.code ?? "EUNKNOWN")
      }
      answer.once("error", broken)
      body.once("error", broken)
      body.on("data", (chunk: Buffer) => {
        size += chunk.length
        if (size <= options.bodyBytes) return void chunks.push(chunk)
        // Said before the socket is closed: what was unpacked so far would end like a whole body.
        broken(failure("ETOOLARGE"))
        request.destroy()
      })
      body.once("end", () => {
        done()
        const text = Buffer.concat(chunks).toString("utf8")
        resume(Effect.succeed({ status: answer.statusCode ?? 0, headers: flat(answer.headers), text }))
      })
    })
    request.end(options.body)
    return Effect.sync(() => {
      done()
      request.destroy()
    })
  })

/** Why a failure is no passing one: the address is not allowed, whoever asks. */
export const isForbiddenAddress = (error: ExchangeFailure): boolean =>
  error.code === PRIVATE || error.code === "EPROTOCOL"
