/**
 * What the columns of a table mean, below it: a title is only for who has a mouse, and for who knows that it is there.
 */
import { element } from "./element.ts"

/** @param within the page's own tables, not those of the browsers, which change with what is chosen */
export const tellColumns = (within: ParentNode): void => {
  for (const table of within.querySelectorAll<HTMLTableElement>("section .scroll[role=region] > table")) {
    const told = [...table.querySelectorAll<HTMLElement>("thead th[title]")].filter(({ title }) => title !== "")
    if (told.length === 0) continue
    const rows = told.flatMap(({ title, textContent }) => [
      element("dt", {}, (textContent ?? "").trim()),
      element("dd", {}, title)
    ])
    table.parentElement?.after(
      element("details", { class: "columns" }, element("summary", {}, "What the columns mean"), element("dl", {}, rows))
    )
  }
}
