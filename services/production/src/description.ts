/** The product's API as OpenAPI, where the API itself is answered by the processes that own its connections. */
import { AppApi } from "@concordat/api/app/contract"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as OpenApi from "effect/http-api/OpenApi"

export const layerDescription = HttpRouter.use((router) =>
  router.add("GET", "/v1/openapi.json", HttpServerResponse.jsonUnsafe(OpenApi.fromApi(AppApi))),
)
