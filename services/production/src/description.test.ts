import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { layerDescription } from "./description.ts"

const server = HttpRouter.serve(layerDescription, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, gracefulShutdownTimeout: "50 millis" })),
)

interface Description {
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, unknown>>
}

describe("the api service", () => {
  it.live("describes the product's API, which others answer", () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : assert.fail("no port")
      const { info, paths } = yield* Effect.promise(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/openapi.json`)
        return (await answer.json()) as Description
      })
      assert.deepInclude(info, { title: "Concordat, for the product", version: "1" })
      assert.includeMembers(Object.keys(paths), ["/v1/{tenant}/{connection}/changes"])
    }).pipe(Effect.provide(server)),
  )
})
