/** How large an experiment may be: far above any that a person writes, and small enough for the memory of a laptop. */

/** Stage instances of an experiment. */
export const MOST_INSTANCES = 20_000

/** Values and references that all instances hold together: a list of 10,000 in each of 10,000 instances is no experiment. */
export const MOST_VALUES = 5_000_000

const grouped = new Intl.NumberFormat("en-US")

/** `10,000`; a number beyond 2^53 as a power of ten. */
export const showCount = (n: number): string => (Number.isSafeInteger(n) ? grouped.format(n) : n.toExponential(1))
