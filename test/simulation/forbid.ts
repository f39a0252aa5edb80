/** Makes sure that a run is its seed's alone: whoever asks for the real time, or for chance, while it runs, is told off. */

const forbidden = (name: string) => (): never => {
  throw new Error(`${name} was called in a simulation`)
}

/** The returned function allows it again. */
export const forbidRealTime = (): (() => void) => {
  const now = Date.now
  const { random } = Math
  const timeout = globalThis.setTimeout
  const interval = globalThis.setInterval
  Date.now = forbidden("Date.now")
  Math.random = forbidden("Math.random")
  globalThis.setTimeout = forbidden("setTimeout") as unknown as typeof setTimeout
  globalThis.setInterval = forbidden("setInterval") as unknown as typeof setInterval
  return () => {
    Date.now = now
    Math.random = random
    globalThis.setTimeout = timeout
    globalThis.setInterval = interval
  }
}
