/** Buttons under every table of the page that write it to a file. */
import { element, listen } from "./element.ts"
import { csvOf, jsonOf, type TableRows, tableRows } from "./table-rows.ts"

const fileName = (label: string, ending: string): string =>
  `${`${document.title} ${label}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")}.${ending}`

const save = (name: string, type: string, text: string): void => {
  const href = URL.createObjectURL(new Blob([text], { type }))
  element("a", { href, download: name }).click()
  URL.revokeObjectURL(href)
}

const formats: ReadonlyArray<readonly [string, string, (rows: TableRows) => string]> = [
  ["CSV", "text/csv", csvOf],
  ["JSON", "application/json", jsonOf]
]

/** @param within the page's own tables, not those of the browsers, which change with what is chosen */
export const offerDownloads = (within: ParentNode): void => {
  for (const table of within.querySelectorAll<HTMLTableElement>("section .scroll[role=region] > table")) {
    const region = table.parentElement as HTMLElement
    const label = region.getAttribute("aria-label") ?? "table"
    const buttons = formats.map(([name, type, write]) => {
      const button = element("button", { type: "button", "aria-label": `Save ${label} as ${name}` }, name)
      listen(button, { click: () => save(fileName(label, name.toLowerCase()), type, write(tableRows(table))) })
      return button
    })
    region.after(element("div", { class: "downloads" }, buttons))
  }
}
