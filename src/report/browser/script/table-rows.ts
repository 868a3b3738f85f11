/**
 * What stands in a table of the page, for programs: numbers with all their digits, the ends of intervals and second
 * numbers of a cell as columns of their own (`exact.ts`, `estimate.ts`).
 */
export type Cell = string | number | null

export interface TableRows {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>
}

const textOf = (node: Element): string => (node.textContent ?? "").replace(/\s+/g, " ").trim()

/** Column name, and what is in it, of all that one cell holds. */
const cellsOf = (cell: Element, column: string): ReadonlyArray<readonly [string, Cell]> => {
  const numbers = [...cell.querySelectorAll("data")]
  if (numbers.length === 0) {
    const text = textOf(cell)
    const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
    return [[column, number === "–" || number === "" ? null : number]]
  }
  return numbers.flatMap((node): ReadonlyArray<readonly [string, Cell]> => {
    const { part, low, high } = node.dataset
    const name = part === undefined ? column : `${column}, ${part}`
    return [
      [name, Number(node.value)],
      ...(low === undefined ? [] : [[`${name}, low`, Number(low)] as const]),
      ...(high === undefined ? [] : [[`${name}, high`, Number(high)] as const])
    ]
  })
}

export const tableRows = (table: HTMLTableElement): TableRows => {
  const heads = [...table.querySelectorAll("thead th")].map(textOf)
  const rows = [...table.querySelectorAll("tbody tr")].map(
    (row) => new Map([...row.children].flatMap((cell, i) => cellsOf(cell, heads[i] ?? String(i + 1))))
  )
  // Columns that only some rows have stand behind the one that they are of.
  const columns = heads.flatMap((head) => [
    ...new Set([
      head,
      ...rows.flatMap((row) => [...row.keys()].filter((name) => name !== head && name.startsWith(`${head}, `)))
    ])
  ])
  const filled = columns.filter((column) => rows.some((row) => (row.get(column) ?? null) !== null))
  return { columns: filled, rows: rows.map((row) => filled.map((column) => row.get(column) ?? null)) }
}

const quoted = (cell: Cell): string => {
  const text = cell === null ? "" : String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

/** RFC 4180. */
export const csvOf = ({ columns, rows }: TableRows): string =>
  [columns, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("")

/** A list of objects. */
export const jsonOf = ({ columns, rows }: TableRows): string =>
  `${JSON.stringify(
    rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]]))),
    null,
    1
  )}\n`
