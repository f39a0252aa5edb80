/** Which subjects a consumer's patterns name: equal, or, where a pattern ends in `>`, beginning with what is before. */
export const matches = (patterns: ReadonlyArray<string>, subject: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith(">") ? subject.startsWith(pattern.slice(0, -1)) : subject === pattern))
