/** How numbers, times and sizes are written for people: one way, in every command. */
import type { Metrics } from "../../artifact/artifact.ts"
import { type Estimate, intervalEnds, intervalOf } from "../../stage/metric.ts"
import { wrapText } from "../../words/fit-text.ts"

export { sizeText as formatBytes } from "../../words/size-text.ts"

/** Four significant digits, integers whole: `0.9312`, `1.234e-5`, `150000`. */
export const formatNumber = (value: number): string => {
  if (Number.isInteger(value)) return String(value)
  const magnitude = Math.abs(value)
  return magnitude >= 1e-3 && magnitude < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2)
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export const formatSeconds = (seconds: number): string => {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Those that are not the end of another one's interval. */
export const ownNames = (metrics: Metrics): ReadonlyArray<string> => {
  const ends = new Set(Object.keys(metrics).flatMap((name) => Object.values(intervalEnds(name))))
  return Object.keys(metrics).filter((name) => !ends.has(name))
}

/** `text ± 0.0042`: with half the width of the 95 % interval, to two digits, where there is one. */
export const withHalfWidth = (text: string, interval: Omit<Estimate, "value"> | undefined): string =>
  interval === undefined
    ? text
    : `${text} ± ${formatNumber(Number(((interval.high - interval.low) / 2).toPrecision(2)))}`

/** `0.9331 ± 0.0042`. */
export const formatMetric = (metrics: Metrics, name: string): string =>
  withHalfWidth(formatNumber(metrics[name] as number), intervalOf(metrics, name))

export const formatMetrics = (metrics: Metrics, names: ReadonlyArray<string> = ownNames(metrics)): string =>
  names
    .filter((name) => metrics[name] !== undefined)
    .map((name) => `${name} ${formatMetric(metrics, name)}`)
    .join(", ")

/** A longer cell moves its own row to the right, and no other one. */
const widest = 40

/** A last column that would be narrower than this goes below its row. */
const NARROWEST = 24

/** The last cell goes on below itself, between words, where the line would be wider than `columns`. */
const wrapLast = (row: ReadonlyArray<string>, columns: number): string => {
  const last = row.at(-1) ?? ""
  const before = row.slice(0, -1).join("  ")
  const line = row.length < 2 ? last : `${before}  ${last}`
  if (line.trimEnd().length <= columns) return line.trimEnd()
  const left = columns - before.length - 2
  if (left < NARROWEST && row.length > 1) {
    return [before.trimEnd(), ...wrapText(last.trimEnd(), columns - 4).map((part) => `    ${part}`)].join("\n")
  }
  const indent = row.length < 2 ? 4 : before.length + 2
  const [first = "", ...rest] = wrapText(last.trimEnd(), columns - indent)
  return [`${row.length < 2 ? "" : `${before}  `}${first}`, ...rest.map((part) => " ".repeat(indent) + part)].join("\n")
}

/** Rows with columns of one width, two spaces apart; the last cell of a row is wrapped at `columns`. */
export const formatTable = (rows: ReadonlyArray<ReadonlyArray<string>>, columns = Number.POSITIVE_INFINITY): string => {
  const widths: Array<number> = []
  for (const row of rows) {
    // Nothing stands behind a row's last cell: it takes no room in other rows.
    row
      .slice(0, -1)
      .forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length > widest ? 0 : cell.length)))
  }
  return rows
    .map((row) =>
      wrapLast(
        row.map((cell, i) => cell.padEnd(widths[i] ?? 0)),
        columns
      )
    )
    .join("\n")
}

export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`
