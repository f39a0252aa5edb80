/** Event ids on disk: 16 bytes for a UUID in its usual form, the text itself for anything else. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const writeId = (id: string): string | Uint8Array =>
  UUID.test(id) ? Buffer.from(id.replaceAll("-", ""), "hex") : id

export const readId = (stored: string | Uint8Array): string => {
  if (typeof stored === "string") return stored
  const hex = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
