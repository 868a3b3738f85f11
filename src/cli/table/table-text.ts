/** A table for people and as CSV. */
import { oneSeed as oneSeedSays } from "../../numeric/seed-interval.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import type { Json } from "../../json/canonical-json.ts"
import { formatNumber, formatTable } from "../render/words.ts"
import type { Cell, Column, Table } from "./make-table.ts"

const plain = (value: Json): string => (typeof value === "string" ? value : canonicalJson(value))

/** The stage is said only where several are in the table. */
const titles = ({ columns }: Table): ReadonlyArray<string> => {
  const several = new Set(columns.map(({ stage }) => stage)).size > 1
  return columns.map(({ stage, metric }) => (several ? `${stage}.${metric}` : metric))
}

const cellText = ({ mean, sd, n, of }: Cell): string => {
  if (mean === null) return of === 0 ? "" : "–"
  const count = n === 1 && of === 1 ? "" : n === of ? ` (n=${n})` : ` (n=${n} of ${of})`
  return `${formatNumber(mean)}${sd === null ? "" : ` ±${formatNumber(Number(sd.toPrecision(2)))}`}${count}`
}

export const tableText = (table: Table): string =>
  formatTable([
    [...table.by, ...titles(table)],
    ...table.rows.map(({ at, cells }) => [...at.map(plain), ...cells.map(cellText)])
  ])

/** What a reader of the numbers has to know of them. */
export const tableNotes = ({ averagedOver, oneSeed, intervalsLeftOut }: Table): ReadonlyArray<string> => [
  ...Object.entries(averagedOver).map(
    ([stage, names]) => `${stage}: mean ± standard deviation over ${names.join(", ")}`
  ),
  ...(oneSeed.length === 0 ? [] : [`${oneSeed.join(", ")}: ${oneSeedSays}`]),
  ...(intervalsLeftOut.length === 0
    ? []
    : [`left out: ${intervalsLeftOut.join(", ")}; the ends of single intervals are not those of a mean`])
]

/** RFC 4180. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** `metric`, and beside it `metric_sd` and `metric_n` where any place has several results. */
export const tableCsv = (table: Table): string => {
  const several = table.rows.some(({ cells }) => cells.some(({ of }) => of > 1))
  const heads = titles(table).flatMap((title) => (several ? [title, `${title}_sd`, `${title}_n`] : [title]))
  const number = (value: number | null): string => (value === null ? "" : String(value))
  const values = ({ mean, sd, n }: Cell): ReadonlyArray<string> =>
    several ? [number(mean), number(sd), String(n)] : [number(mean)]
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
