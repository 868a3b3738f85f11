/** Sizes for people, one way everywhere. */

const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const

const unitOf = (bytes: number): number =>
  Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10 + 1e-12))

const written = (bytes: number, unit: number, digits: number): string =>
  unit === 0 ? `${bytes} B` : `${(bytes / 1024 ** unit).toFixed(digits)} ${units[unit]}`

/** `512 B`, `3.4 MiB`. */
export const sizeText = (bytes: number): string => written(bytes, unitOf(bytes), 1)

/** Digits of a GiB down to its bytes. */
const mostDigits = 10

/** Two sizes beside each other: different ones with as many digits as it takes to see it. */
export const sizesApart = (a: number, b: number): readonly [string, string] => {
  const [first, second] = [unitOf(a), unitOf(b)]
  for (let digits = 1; digits < mostDigits; digits++) {
    const texts = [written(a, first, digits), written(b, second, digits)] as const
    if (a === b || texts[0] !== texts[1]) return texts
  }
  return [`${a} B`, `${b} B`]
}
