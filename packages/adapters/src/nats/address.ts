/** Where the servers are and how to show who we are, from one line of configuration. Credentials get into no error. */
import { BusError } from "@concordat/engine/ports/Bus"
import type { NodeConnectionOptions } from "@nats-io/transport-node"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

export type Address = Pick<NodeConnectionOptions, "servers" | "user" | "pass" | "token" | "tls"> & {
  readonly servers: Array<string>
}

const EXAMPLE = "nats://user:password@host:4222"

const invalid = (detail: string): Result.Result<never, BusError> =>
  Result.fail(
    new BusError({ reason: "invalid", detail: `${detail}; expected is ${EXAMPLE}, several separated by commas` }),
  )

/** `nats://` or `tls://`, `[user:password@ | token@]host[:port]`. All servers are given the same credentials. */
export const parseAddress = (text: Redacted.Redacted): Result.Result<Address, BusError> => {
  const parts = Redacted.value(text)
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
  if (parts.length === 0) return invalid("the address of NATS is empty")
  const urls: Array<URL> = []
  for (const [index, part] of parts.entries()) {
    const url = URL.parse(part.includes("://") ? part : `nats://${part}`)
    if (url === null || url.hostname === "") return invalid(`address ${index + 1} of NATS can't be read`)
    if (url.protocol !== "nats:" && url.protocol !== "tls:")
      return invalid(`address ${index + 1} of NATS (${url.hostname}) begins with ${url.protocol}//`)
    urls.push(url)
  }
  const shown = new Set(urls.map(({ password, username }) => `${username}:${password}`).filter((one) => one !== ":"))
  if (shown.size > 1) return invalid("the addresses of NATS show different credentials")
  const { password, username } = urls.find((url) => url.username !== "") ?? urls[0]!
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  return Result.succeed({
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === "" ? 4222 : port}`),
    ...(pass !== "" ? { user, pass } : user === "" ? {} : { token: user }),
    ...(urls.some(({ protocol }) => protocol === "tls:") ? { tls: {} } : {}),
  })
}
