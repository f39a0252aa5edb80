/** Domains at which anybody has a mailbox: they say nothing of a company. */
import domains from "free-email-domains"

const free: ReadonlySet<string> = new Set(domains)

/** `gmail.com`, `gmx.de`, `outlook.com` … (the list of the `free-email-domains` package). `domain` in lower case. */
export const isFreeMail = (domain: string): boolean => free.has(domain)
