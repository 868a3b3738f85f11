/**
 * A number as it is shown, with all its digits beside it: what a table's download writes
 * (`browser/script/table-rows.ts`).
 */
import type { Html } from "./html.ts"
import { escapeHtml, trusted } from "./html.ts"

/** @param part of a cell with a second number: what that one is, a column of its own in a download */
export const exact = (value: number, format: (value: number) => string, part?: string): Html =>
  trusted(
    `<data value="${value}"${part === undefined ? "" : ` data-part="${escapeHtml(part)}"`}>${escapeHtml(format(value))}</data>`
  )
