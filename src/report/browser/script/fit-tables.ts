/** Tables that are wider than a narrow page become cards, one a row; very long ones keep their first column in view instead. */

/** As the style sheet has it: on a wider page a table is scrolled. */
const narrow = matchMedia("(max-width: 820px)")
/** More cards than these are a way to go. */
const mostCards = 30

/** What a card says before each value. */
const nameCells = (table: HTMLTableElement): void => {
  const names = [...table.querySelectorAll("thead th")].map((head) => (head.textContent ?? "").trim())
  for (const { cells } of table.tBodies[0]?.rows ?? []) {
    for (const [i, cell] of [...cells].entries()) if (i > 0) cell.dataset["name"] = names[i] ?? ""
  }
}

const fit = (region: Element): void => {
  const table = region.querySelector<HTMLTableElement>(":scope > table")
  if (table === null) return
  table.classList.remove("cards")
  const [body] = table.tBodies
  if (!narrow.matches || body === undefined || body.rows.length > mostCards) return
  if (table.offsetWidth <= region.clientWidth) return
  nameCells(table)
  table.classList.add("cards")
}

/** Widths that were fitted to: cards are higher than rows, which is no reason to look again. */
const widths = new WeakMap<Element, number>()

const watcher = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    if (contentRect.width === 0 || widths.get(target) === contentRect.width) continue
    widths.set(target, contentRect.width)
    fit(target)
  }
})

/** @param region the place of one table; told again whenever its width changes */
export const fitted = (region: HTMLElement): HTMLElement => {
  watcher.observe(region)
  return region
}

/** The page's own tables: those of the browsers, which come and go, are given one by one. */
export const fitTables = (within: ParentNode): void => {
  for (const region of within.querySelectorAll("section .scroll[role=region]:has(> table)")) watcher.observe(region)
}
