/** Plain text, names and HTML as they are compared. */

/** NFC without blanks at the ends; inner blanks are the author's. */
export const tidyText = (text: string): string => text.normalize("NFC").trim()

/**
 * Without the characters of a kind at its end. The pattern `[…]+$` would look at each run of them from each of its places: a minute
 * for 100 kB.
 */
export const withoutLast = (text: string, kind: RegExp): string => {
  let end = text.length
  while (end > 0 && kind.test(text[end - 1]!)) end -= 1
  return text.slice(0, end)
}

/** Letters whose unaccented form is written with two, in the languages that do so. */
const DIGRAPHS: Readonly<Record<string, string>> = {
  ä: "ae",
  ö: "oe",
  ü: "ue",
  ß: "ss",
  æ: "ae",
  ø: "oe",
  œ: "oe",
  å: "aa",
  þ: "th",
  ð: "d",
  ł: "l",
  đ: "d",
  ı: "i",
}

/** Words of which nothing but the case is folded: most are. */
const PLAIN_NAME = /^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/

/**
 * A name as identity compares it: `Müller-Lüdenscheidt, Jr.` and `MUELLER LUEDENSCHEIDT JR` are one.
 * Case, diacritics, punctuation and runs of blanks are gone; letters of every script stay.
 */
export const foldName = (name: string): string =>
  PLAIN_NAME.test(name)
    ? name.toLowerCase()
    : name
        .normalize("NFC")
        .toLowerCase()
        .replace(/[äöüßæøœåþðłđı]/g, (letter) => DIGRAPHS[letter] ?? letter)
        .normalize("NFD")
        .replace(/\p{M}+/gu, "")
        .replace(/['’`´.]/g, "")
        .replace(/[^\p{L}\p{N}]+/gu, " ")
        .trim()

/** The entities that editors of CRMs write by name; every other one is written by number. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ensp: " ",
  emsp: " ",
  thinsp: " ",
  shy: "",
  zwnj: "",
  zwj: "",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  bull: "•",
  middot: "·",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  bdquo: "„",
  laquo: "«",
  raquo: "»",
  euro: "€",
  pound: "£",
  yen: "¥",
  cent: "¢",
  copy: "©",
  reg: "®",
  trade: "™",
  deg: "°",
  sect: "§",
  para: "¶",
  times: "×",
  auml: "ä",
  ouml: "ö",
  uuml: "ü",
  Auml: "Ä",
  Ouml: "Ö",
  Uuml: "Ü",
  szlig: "ß",
  agrave: "à",
  aacute: "á",
  acirc: "â",
  aring: "å",
  aelig: "æ",
  ccedil: "ç",
  egrave: "è",
  eacute: "é",
  ecirc: "ê",
  euml: "ë",
  iacute: "í",
  icirc: "î",
  iuml: "ï",
  ntilde: "ñ",
  oacute: "ó",
  ocirc: "ô",
  oslash: "ø",
  ugrave: "ù",
  uacute: "ú",
  ucirc: "û",
  Eacute: "É",
  Agrave: "À",
  Ccedil: "Ç",
  Ntilde: "Ñ",
  Oslash: "Ø",
  Aring: "Å",
}

const entity = (whole: string, body: string): string => {
  if (!body.startsWith("#")) return ENTITIES[body] ?? whole
  const code = /^#[xX]/.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10)
  return code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff) ? String.fromCodePoint(code) : whole
}

export const decodeEntities = (text: string): string =>
  text.replace(/&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});/g, entity)

/*
 * Whoever writes an e-mail writes what is read here, so each step takes a time that grows with the text and no faster: a pattern
 * that looks for an end which is not there, from each beginning anew, took a minute for 200 kB.
 */

const withoutComments = (html: string): string => {
  let kept = ""
  let from = 0
  for (;;) {
    const begins = html.indexOf("<!--", from)
    const ends = begins === -1 ? -1 : html.indexOf("-->", begins + 4)
    if (ends === -1) return kept + html.slice(from)
    kept += html.slice(from, begins)
    from = ends + 3
  }
}

const UNSEEN = /<(style|script|head|title)\b/gi
const ENDS: Readonly<Record<string, RegExp>> = {
  style: /<\/style\s*>/gi,
  script: /<\/script\s*>/gi,
  head: /<\/head\s*>/gi,
  title: /<\/title\s*>/gi,
}

/** What is read by nobody, with the tags around it, becomes a blank; where the second is missing, nothing is taken away. */
const withoutUnseen = (html: string): string => {
  let kept = ""
  let from = 0
  const unended = new Set<string>()
  UNSEEN.lastIndex = 0
  for (let begin = UNSEEN.exec(html); begin !== null; begin = UNSEEN.exec(html)) {
    const name = begin[1]!.toLowerCase()
    const closed = html.indexOf(">", UNSEEN.lastIndex)
    if (closed === -1) break
    if (unended.has(name)) continue
    const ends = ENDS[name]!
    ends.lastIndex = closed + 1
    if (ends.exec(html) === null) {
      unended.add(name)
      continue
    }
    kept += `${html.slice(from, begin.index)} `
    from = ends.lastIndex
    UNSEEN.lastIndex = from
  }
  return kept + html.slice(from)
}

const INLINE =
  /<\/?(?:a|abbr|b|bdi|bdo|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|u)\b[^>]*>/gi
const TAG = /<\/?[a-zA-Z][^>]*>|<![a-zA-Z][^>]*>/g

/** Behind the last `>` there is no tag. */
const withoutTags = (html: string, tags: RegExp, instead: string): string => {
  const end = html.lastIndexOf(">") + 1
  return html.slice(0, end).replace(tags, instead) + html.slice(end)
}

/**
 * What a reader of the HTML reads: no tags, comments, styles or scripts, entities decoded, every run of blanks one
 * blank. A tag that breaks the line (`<br>`, `</p>`) is a blank; one that does not (`<b>`) is nothing.
 */
export const htmlText = (html: string): string =>
  decodeEntities(withoutTags(withoutTags(withoutUnseen(withoutComments(html)), INLINE, ""), TAG, " "))
    .normalize("NFC")
    .replace(/[\s\u00a0\u200b\ufeff]+/g, " ")
    .trim()
