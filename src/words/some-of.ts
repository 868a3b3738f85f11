/** Names in a sentence: a few, and how many more. */

/** `a, b, c, d and 6 more`; all of them where only one would be left out. */
export const someOf = (names: ReadonlyArray<string>, most = 4): string =>
  names.length <= most + 1 ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`
