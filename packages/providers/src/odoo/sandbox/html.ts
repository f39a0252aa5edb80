/** What Odoo makes of HTML that it is given: never quite what was sent. */

const dropped = /<(script|style|iframe|object|embed)\b[^>]*>[\s\S]*?<\/\1>/gi

/** Strips what can run, closes nothing that is void, and wraps bare text in a paragraph. */
export const sanitizeHtml = (text: string): string => {
  const safe = text
    .replace(dropped, "")
    .replace(/\s(?:on\w+|style)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi, "")
    .replace(/<br\s*\/>/gi, "<br>")
    .trim()
  if (safe === "") return ""
  return /^<(p|div|ul|ol|h\d|blockquote|table|pre|section)\b/i.test(safe) ? safe : `<p>${safe}</p>`
}

export const escapeHtml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&#34;").replace(/'/g, "&#39;")
