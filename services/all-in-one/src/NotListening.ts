/** The server can't listen where the configuration says. */
import * as Schema from "effect/Schema"
import type { Config } from "./config/Config.ts"

export class NotListening extends Schema.TaggedError<NotListening>()("NotListening", {
  host: Schema.String,
  port: Schema.Finite,
  code: Schema.String,
}) {
  override get message(): string {
    const { code, host, port } = this
    if (code === "EADDRINUSE")
      return `http.port ${port} on ${host} is in use by another process: stop that one, or set another http.port`
    if (code === "EACCES") return `http.port ${port} may not be used by this user: set one of 1024 or more`
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      return `http.host ${host} is no address of this machine: set 127.0.0.1, or 0.0.0.0 for all of them`
    return `nothing can listen at http.host ${host}, http.port ${port}: ${code}`
  }
}

export const notListening = ({ host, port }: Pick<Config["http"], "host" | "port">, cause: unknown): NotListening => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : String(cause)
  return new NotListening({ host, port, code })
}
