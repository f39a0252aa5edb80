/** Everything that Concordat serves over HTTP: the operator's questions and the product's own records. */
import * as HttpApi from "effect/http-api/HttpApi"
import * as OpenApi from "effect/http-api/OpenApi"
import { AppApi } from "./app/contract.ts"
import { OperatorApi } from "./operator/contract.ts"

export class Api extends HttpApi.make("concordat")
  .addHttpApi(OperatorApi)
  .addHttpApi(AppApi)
  .annotateMerge(OpenApi.annotations({ title: "Concordat", version: "0.1.0" })) {}
