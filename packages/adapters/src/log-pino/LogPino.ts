/** Effect's log over pino: one line of JSON per entry on stderr, without credentials and personal values. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { destination as fileDestination, pino } from "pino"
import type { DestinationStream, Level, Logger as Pino } from "pino"
import { redact, redactText } from "./redact.ts"

const LEVELS: Readonly<Record<LogLevel.Severity, Level>> = {
  Trace: "trace",
  Debug: "debug",
  Info: "info",
  Warn: "warn",
  Error: "error",
  Fatal: "fatal",
}

const toPino = (logger: Pino) =>
  Logger.make<unknown, void>(({ cause, date, fiber, logLevel, message }) => {
    if (logLevel === "All" || logLevel === "None") return
    const parts = Array.isArray(message) ? message : [message]
    const texts = parts.filter((part) => typeof part === "string")
    const details = parts.filter((part) => typeof part !== "string")
    const spans = fiber.getRef(References.CurrentLogSpans)
    const fields = redact({
      ...fiber.getRef(References.CurrentLogAnnotations),
      ...Object.fromEntries(spans.map(([label, startedAt]) => [`${label}Ms`, date.getTime() - startedAt])),
      ...(details.length > 0 ? { details } : {}),
    })
    const failure = cause.reasons.length > 0 ? { cause: redactText(Cause.pretty(cause)) } : {}
    logger[LEVELS[logLevel]]({ time: date.getTime(), ...(fields as object), ...failure }, redactText(texts.join(" ")))
  })

export interface LogPinoOptions {
  /** The least level that is logged; `Info` unless told. */
  readonly level?: LogLevel.LogLevel
  /** Where lines go; stderr unless told, because stdout is a command's answer. */
  readonly destination?: DestinationStream
}

/** Replaces Effect's own loggers. Lines are written at once: the last ones before a crash are those that are wanted. */
export const layer = (options: LogPinoOptions = {}): Layer.Layer<never> =>
  Layer.unwrap(
    Effect.sync(() => {
      const stream = options.destination ?? fileDestination({ fd: 2, sync: true })
      // Effect's level and clock decide; pino only writes.
      const logger = pino(
        { level: "trace", base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
        stream,
      )
      return Layer.merge(
        Logger.layer([toPino(logger)]),
        Layer.succeed(References.MinimumLogLevel, options.level ?? "Info"),
      )
    }),
  )
