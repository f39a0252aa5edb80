/** The history of the world, which also knows what the engine has read so far and under which ids it made things. */
import type { Part } from "../simulation/oracle/entered.ts"
import { History } from "../simulation/oracle/history.ts"
import type { Values } from "../simulation/world/things.ts"

export class Watch extends History {
  readonly #ids = new Map<string, string>()
  readonly #read = new Set<string>()
  /** Told of each write of the engine's, after it was made. */
  onWritten: (side: string, thing: string, id: string) => void = () => {}

  override read(side: string, id: string, part: Part): void {
    super.read(side, id, part)
    this.#read.add(`${side}|${id.slice(id.indexOf(":") + 1)}`)
  }

  override written(
    side: { readonly name: string; readonly isApp: boolean },
    id: string,
    thing: string,
    now: Values,
  ): boolean {
    const isNews = super.written(side, id, thing, now)
    const record = id.slice(id.indexOf(":") + 1)
    this.stands(side.name, thing, record)
    this.onWritten(side.name, thing, record)
    return isNews
  }

  wasRead(side: string, id: string): boolean {
    return this.#read.has(`${side}|${id}`)
  }

  /** The record that a thing is in a system. */
  stands(side: string, thing: string, id: string): void {
    this.#ids.set(`${side}|${thing}`, id)
  }

  idOf(side: string, thing: string): string | undefined {
    return this.#ids.get(`${side}|${thing}`)
  }
}
