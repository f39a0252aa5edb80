/** The app's endpoint in front of the app's connections of this process. */
import type { ConnectionHandle } from "@concordat/engine/connection/ConnectionWorker"
import { Journal } from "@concordat/engine/ports/Journal"
import { AppAccess, makeAppAccess } from "@concordat/providers/app/AppAccess"
import { type AppHandle, AppUnavailable } from "@concordat/providers/app/submit"
import type { VersionsOf } from "@concordat/providers/app/versions"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Connections } from "./Connections.ts"

const RETRY_MS = 1_000

const later = (error: { readonly message: string }): AppUnavailable =>
  new AppUnavailable({ detail: error.message, retryAfterMs: RETRY_MS })

const appHandle = (handle: ConnectionHandle): AppHandle => ({
  submit: (records) => Effect.mapError(handle.submit(records), later),
  gone: (records) => Effect.mapError(handle.gone(records), later),
  populated: Effect.mapError(handle.finishBackfill, later),
  followed: (isKnown) => Effect.mapError(handle.followed(isKnown), later),
})

export const layerAppAccess = (
  connections: Connections,
  versionsOf: VersionsOf,
): Layer.Layer<AppAccess, never, Journal> =>
  Layer.effect(
    AppAccess,
    Effect.gen(function* () {
      const handles = new WeakMap<ConnectionHandle, AppHandle>()
      const handleOf = (tenant: string, connection: string): AppHandle | null => {
        const running = connections.running(tenant, connection)
        if (running === undefined || running.definition.isApp !== true) return null
        const known = handles.get(running.handle) ?? appHandle(running.handle)
        handles.set(running.handle, known)
        return known
      }
      return AppAccess.of(
        makeAppAccess({
          journal: yield* Journal,
          versionsOf,
          token: ({ connection, tenant }) => {
            const place = connections.configured(tenant, connection)
            const isApp = place?.provider.definition.isApp === true
            return Effect.succeed(isApp ? (place.connection.credentials["token"] ?? null) : null)
          },
          handle: ({ connection, tenant }) => Effect.succeed(handleOf(tenant, connection)),
          // The app's own ids name its streams as they are: the connector gives the worker the same.
          opaqueId: (_, externalId) => externalId,
        }),
      )
    }),
  )
