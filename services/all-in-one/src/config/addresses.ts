/** Addresses that a configuration names: what would be refused at the first call is said at the start. */
import { isPublicAddress, literalAddress } from "@concordat/engine/http/address"

export interface Fault {
  /** To be read after the field's name. */
  readonly says: string
  /** What stands there may be a credential. */
  readonly hides?: boolean
}

const isLocal = (url: URL): boolean => {
  const address = literalAddress(url)
  return address === null ? /(^|\.)localhost\.?$/.test(url.hostname) : !isPublicAddress(address)
}

/** An address that paths are put behind. */
export const baseFault = (value: string): Fault | null => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    return { says: "has to be an address: https://…", hides: /@/.test(value) }
  if (url.username !== "" || url.password !== "")
    return { says: "has a user or password in it: those are credentials, which have a place of their own", hides: true }
  if (url.search !== "" || url.hash !== "") return { says: "has to end before its ? or #", hides: true }
  return null
}

/** One that we call. A name that leads to a private address is known only when it is asked for. */
export const addressFault = (value: string, isPrivateAllowed: boolean): Fault | null => {
  const fault = baseFault(value)
  if (fault !== null || isPrivateAllowed || !isLocal(new URL(value))) return fault
  return { says: "is a private address: where that is meant, set allowPrivateAddresses: true of this connection" }
}
