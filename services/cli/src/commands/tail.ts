/** `concordat tail`: what happens, line by line, as it happens. */
import type { TailEvent } from "@concordat/api/operator/views"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { endsGracefully } from "../ending.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

const line = ({ colours, time }: typeof import("../table.ts"), of: TailEvent): string => {
  const where = [of.connection, of.entity, of.record].filter((part) => part !== null).join(" ")
  return `${colours.dim(time(of.at))}  ${colours.bold(of.event)}  ${where}  ${colours.dim(of.detail)}`
}

export const tail = Command.make(
  "tail",
  {
    after: Flag.String("after").pipe(
      Flag.withDescription("A position, or start: everything there is"),
      Flag.withDefault("end"),
    ),
  },
  Effect.fnUntraced(function* ({ after }) {
    const { ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const { json } = yield* concordat
    endsGracefully()
    yield* ask((client, tenant) =>
      client
        .tail({ params: { tenant }, query: { after } })
        .pipe(
          Effect.flatMap(
            Stream.runForEach((item) =>
              item._tag === "Event"
                ? Console.log(json ? JSON.stringify(item.event) : line(words, item.event))
                : Effect.void,
            ),
          ),
        ),
    )
  }),
).pipe(Command.withDescription(SAYS.tail))
