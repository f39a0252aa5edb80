/** What a call to Odoo is about, in either protocol. */

type Row = Readonly<Record<string, unknown>>

/** The model that a call is about, or "" for none, and the rows of it that are asked for. */
export const askedOf = (
  url: string,
  body: string,
): { readonly model: string; readonly domain: ReadonlyArray<unknown> } => {
  const keyed = /\/json\/2\/([^/]+)\//.exec(url)?.[1]
  const said = (body === "" ? {} : JSON.parse(body)) as Row & {
    readonly params?: { readonly args?: ReadonlyArray<unknown> }
  }
  const args = said.params?.args ?? []
  const { domain } = (keyed === undefined ? (args[6] ?? {}) : said) as Row
  const model = keyed ?? args[3]
  return { model: typeof model === "string" ? model : "", domain: Array.isArray(domain) ? domain : [] }
}

/** Others have records of the same ids. */
export const modelOf = (url: string, body: string): string => askedOf(url, body).model
