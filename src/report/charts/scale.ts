/** Linear axes: from data to pixels, with round tick values. */

export interface Scale {
  readonly domain: readonly [number, number]
  readonly range: readonly [number, number]
}

/** Pixel of a value, to a tenth: enough for the eye, and short in the file. */
export const place = ({ domain, range }: Scale, value: number): number => {
  const [a, b] = domain
  const share = a === b ? 0.5 : (value - a) / (b - a)
  return Math.round((range[0] + share * (range[1] - range[0])) * 10) / 10
}

/** Steps of 1, 2, 2.5 or 5 times a power of ten, so that about `count` ticks lie within the domain. */
export const ticks = ([from, to]: readonly [number, number], count: number): ReadonlyArray<number> => {
  if (!(to > from)) return [from]
  const raw = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  // Multiplying an integer keeps 0.30000000000000004 out; twelve digits keep 3 * 0.1 out as well.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}
