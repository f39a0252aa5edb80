/** Entities as their text said them before what is usual was left out. Read only: what is written is packed as it is now. */
import type { EntityDoc, GroupState, HeldState, LinkState } from "./documents.ts"

/** Signature and sight by number (-1: not seen); 1 for a shadow that is the value. */
type PackedHeld = readonly [
  signature: number,
  shadow: HeldState["shadow"] | 1,
  seen: number,
  wrote: null | number | NonNullable<HeldState["wrote"]>,
  rest?: Omit<HeldState, "signature" | "shadow" | "seen" | "wrote">,
]
type PackedGroup = readonly [value: GroupState["value"], revision: number, provenance: number]

export interface PackedBefore {
  readonly shared: ReadonlyArray<unknown>
  readonly entity: Omit<EntityDoc, "groups" | "links"> & {
    readonly groups: Readonly<Record<string, PackedGroup>>
    readonly links: Readonly<
      Record<string, Omit<LinkState, "groups"> & { readonly groups: Readonly<Record<string, PackedHeld>> }>
    >
  }
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, to: (value: A, name: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value, name)]))

export const unpackEntityOfBefore = ({ entity, shared }: PackedBefore): EntityDoc => {
  const groups = mapped(entity.groups, ([value, revision, provenance]): GroupState => ({
    value,
    revision,
    provenance: shared[provenance] as GroupState["provenance"],
  }))
  const held = ([signature, packed, seen, wrote, rest]: PackedHeld, name: string): HeldState => {
    const shadow = packed === 1 ? (groups[name]!.value as HeldState["shadow"]) : packed
    return {
      signature: shared[signature] as string,
      shadow,
      ...(seen < 0 ? {} : { seen: shared[seen] as NonNullable<HeldState["seen"]> }),
      ...(wrote === null ? {} : { wrote: typeof wrote === "number" ? { view: shadow!, at: wrote } : wrote }),
      ...rest,
    }
  }
  const links = mapped(entity.links, (link): LinkState => ({ ...link, groups: mapped(link.groups, held) }))
  return { ...entity, groups, links }
}
