/** Which addresses a user-given URL may lead to: public ones only, since the engine stands inside a private network. */
import { BlockList, isIP } from "node:net"

/** https://www.iana.org/assignments/iana-ipv4-special-registry: everything that is not globally reachable, and multicast. */
const IPV4: ReadonlyArray<readonly [string, number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]

/** https://www.iana.org/assignments/iana-ipv6-special-registry; what translates or tunnels to IPv4 is refused whole,
 * since the address inside could be private. */
const IPV6: ReadonlyArray<readonly [string, number]> = [
  ["::", 128],
  ["::1", 128],
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
]

const blocked = new BlockList()
for (const [network, prefix] of IPV4) blocked.addSubnet(network, prefix, "ipv4")
for (const [network, prefix] of IPV6) blocked.addSubnet(network, prefix, "ipv6")

/** False for private, loopback, link-local and otherwise special addresses, and for what is no address at all. */
export const isPublicAddress = (address: string): boolean => {
  const plain = address.replace(/%.*$/, "")
  const family = isIP(plain)
  if (family === 0) return false
  if (family === 4) return !blocked.check(plain, "ipv4")
  // The list holds IPv4 ranges too, and finds them in the form ::ffff:10.0.0.1.
  return !blocked.check(plain, "ipv6")
}

/** The address that a URL names literally, or null where it is a name that has to be resolved. */
export const literalAddress = (url: URL): string | null => {
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname
  return isIP(host) === 0 ? null : host
}
