/**
 * To be imported before anything of Effect: fibres then keep no async context of Node's between their turns. Nobody asks
 * for it here, and it is a sixth of a run's time.
 */
const builtin = process.getBuiltinModule
process.getBuiltinModule = ((id: string) =>
  id === "node:async_hooks" ? undefined : builtin(id)) as typeof process.getBuiltinModule
await import("effect/Effect")
process.getBuiltinModule = builtin
