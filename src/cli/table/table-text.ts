/** A table for people and as CSV. */
import { oneSeed as oneSeedSays } from "../../numeric/seed-interval.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import type { Json } from "../../json/canonical-json.ts"
import { formatNumber, formatTable } from "../render/words.ts"
import { type Cell, type Column, overSeeds, type Table } from "./make-table.ts"

const plain = (value: Json): string => (typeof value === "string" ? value : canonicalJson(value))

/** The stage is said only where several are in the table. */
const titles = ({ columns }: Table): ReadonlyArray<string> => {
  const several = new Set(columns.map(({ stage }) => stage)).size > 1
  return columns.map(({ stage, metric }) => (several ? `${stage}.${metric}` : metric))
}

const cellText = ({ mean, sd, half, n, of }: Cell): string => {
  if (mean === null) return of === 0 ? "" : "–"
  const count = n === 1 && of === 1 ? "" : n === of ? ` (n=${n})` : ` (n=${n} of ${of})`
  const noise = half ?? sd ?? 0
  // That all are the same says nothing of what another one would be.
  const shown = noise > Math.abs(mean) * 1e-9 ? ` ±${formatNumber(Number(noise.toPrecision(2)))}` : ""
  return `${formatNumber(mean)}${shown}${count}`
}

/** More metrics than these beside each other make lines that nobody can read. */
const mostAcross = 6

/** A row for each place; where there are more metrics than a line holds, and fewer places, a row for each metric. */
export const tableText = (table: Table): string => {
  const { by, columns, rows } = table
  const across = [[...by, ...titles(table)], ...rows.map(({ at, cells }) => [...at.map(plain), ...cells.map(cellText)])]
  return formatTable(
    columns.length <= mostAcross || columns.length <= rows.length
      ? across
      : (across[0] ?? []).map((_, i) => across.map((row) => row[i] ?? ""))
  )
}

/** What a reader of the numbers has to know of them. */
export const tableNotes = ({ rows, averagedOver, oneSeed, intervalsLeftOut }: Table): ReadonlyArray<string> => {
  const means = Map.groupBy(Object.entries(averagedOver), ([, names]) =>
    overSeeds(names)
      ? "mean ± half of its 95 % interval over seeds"
      : `mean ± standard deviation over ${names.join(", ")}`
  )
  const own = rows.some(({ cells }) => cells.some(({ n, half }) => n === 1 && half !== null))
  return [
    ...[...means].map(([what, stages]) => `${stages.map(([stage]) => stage).join(", ")}: ${what}`),
    ...(own
      ? ["± of a single result: half of its own 95 % interval, over what it was measured on, not over seeds"]
      : []),
    ...(oneSeed.length === 0 ? [] : [`${oneSeed.join(", ")}: ${oneSeedSays}`]),
    ...(intervalsLeftOut.length === 0
      ? []
      : [`left out: ${intervalsLeftOut.join(", ")}; the ends of single intervals are not those of a mean`])
  ]
}

/** RFC 4180. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** `metric`, and beside it `metric_sd`, `metric_half_width` (of its 95 % interval) and `metric_n` where any place has several results. */
export const tableCsv = (table: Table): string => {
  const several = table.rows.some(({ cells }) => cells.some(({ of }) => of > 1))
  const heads = titles(table).flatMap((title) =>
    several ? [title, `${title}_sd`, `${title}_half_width`, `${title}_n`] : [title]
  )
  const number = (value: number | null): string => (value === null ? "" : String(value))
  const values = ({ mean, sd, half, n }: Cell): ReadonlyArray<string> =>
    several ? [number(mean), number(sd), number(half), String(n)] : [number(mean)]
  return [[...table.by, ...heads], ...table.rows.map(({ at, cells }) => [...at.map(plain), ...cells.flatMap(values)])]
    .map((row) => row.map(field).join(","))
    .join("\r\n")
}

const columnName = ({ stage, metric }: Column): string => `${stage}.${metric}`

export const tableJson = (table: Table): unknown => ({
  by: table.by,
  rows: table.rows.map(({ at, cells }) => ({
    at: Object.fromEntries(table.by.map((axis, i) => [axis, at[i] ?? null])),
    metrics: Object.fromEntries(table.columns.map((column, i) => [columnName(column), cells[i]]))
  })),
  averagedOver: table.averagedOver,
  oneSeed: table.oneSeed,
  intervalsLeftOut: table.intervalsLeftOut
})
