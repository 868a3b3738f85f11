/** Numbers with units, as people write them: sizes ("8 GiB") and durations ("6 hours"). */

const bytesOf: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40
}

const secondsOf: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86400,
  day: 86400
}

const split = (text: string): readonly [number, string] | undefined => {
  const match = /^\s*(\d[\d_]*(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text)
  return match === null ? undefined : [Number((match[1] as string).replaceAll("_", "")), match[2] as string]
}

/** Whole bytes from a number of bytes, or from "8 GiB", "512 MB"; undefined: neither. */
export const parseBytes = (value: unknown): number | undefined => {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const parts = typeof value === "string" ? split(value) : undefined
  const unit = parts === undefined ? undefined : bytesOf[parts[1]]
  return parts === undefined || unit === undefined ? undefined : Math.round(parts[0] * unit)
}

const SMALLEST_BARE_SIZE = 2 ** 20

export const sizeExpected = "a size with its unit, such as 8 GiB (a number alone is bytes, at least a MiB of them)"

/** The same for what a person says that something takes: so small a bare number was meant in another unit, and is undefined. */
export const parseSize = (value: unknown): number | undefined =>
  typeof value === "number" && value > 0 && value < SMALLEST_BARE_SIZE ? undefined : parseBytes(value)

/** Seconds from a number of seconds, or from "6 hours", "90 s", "2 days"; undefined: neither. */
export const parseSeconds = (value: unknown): number | undefined => {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value : undefined
  const parts = typeof value === "string" ? split(value) : undefined
  if (parts === undefined || parts[0] === 0) return undefined
  const unit = secondsOf[parts[1]] ?? secondsOf[parts[1].replace(/s$/, "")]
  return unit === undefined ? undefined : parts[0] * unit
}
