/** What an action of the script does to the world and to the engine. */
import type { Deployment } from "./deployment.ts"
import type { Action } from "./script.ts"
import type { Stores } from "./store/ports.ts"
import type { Timeline } from "./timeline.ts"
import type { World } from "./world/world.ts"

export interface Stage {
  readonly timeline: Timeline
  readonly deployment: Deployment
  readonly stores: Stores
  readonly onStep: (what: string) => void
}

export const act = ({ deployment, onStep, stores, timeline }: Stage, world: World, action: Action): void => {
  timeline.promised()
  const done = (doing: Promise<void>): void => void doing.catch(timeline.fail)
  switch (action.kind) {
    case "edit":
      return done(world.edit(action.side, world.keyFor(action.of, action.number), action.group, action))
    case "create":
      return done(world.create(action.side, action.of, action.imported))
    case "remove":
      return done(world.reshaping.remove(action.side, world.keyFor(action.of, action.number)))
    case "restore":
      return done(world.reshaping.restore(action.side, world.keyFor(action.of, action.number)))
    case "merge": {
      const { number, of, other, side } = action
      return done(world.reshaping.merge(side, world.keyFor(of, number), world.keyFor(of, other)))
    }
    case "rules":
      return world.configuring.rules(action.rules)
    case "fields":
      return world.configuring.fields(action.fields)
    case "decide":
      return done(world.operators.decide())
    case "join":
      return done(world.joining.join(world.keyFor(action.of, action.number), world.keyFor(action.of, action.other)))
    case "part":
      return done(world.joining.part(world.keyFor(action.of, action.other)))
    case "intrude":
      return world.intruding.wait(action.side)
    case "mapping":
      return world.configuring.map(action)
    case "trouble":
      return world.troubles?.begin(action)
    case "spent":
      return world.spent.begin(action)
    case "crash": {
      const group = deployment.groups[action.victim % deployment.groups.length]!
      onStep(`${group.name} will die in ${action.turns} turns`)
      return deployment.crash(group.name, action.turns, action.downMs)
    }
    case "loseBus":
      onStep("the bus loses its store")
      return stores.queue.lose()
    case "dropState":
      onStep("the state is dropped")
      for (const { process } of deployment.groups) process.crash()
      return stores.documents.clear()
  }
}
