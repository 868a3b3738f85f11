/**
 * Rows of a list box of any length: those in view and some around them are in the document, the rest is margin. All rows have one height,
 * which the style sheet sets.
 */
import { listen } from "./element.ts"

/** Rows drawn at once beside those in view. */
const margin = 12
/** Rows that come and go together. */
const step = 4
/** Pixels, until a row has been seen. */
const guessedHeight = 72

export interface VirtualList {
  /** Draws anew, from the first row where `count` is given. */
  readonly draw: (count?: number) => void
  /** Scrolls no further than it takes to show row `i`. */
  readonly reveal: (i: number) => void
}

/** @param row row `i`, without its number and place among all, which are set here */
export const virtualList = (list: HTMLUListElement, row: (i: number) => HTMLLIElement): VirtualList => {
  let count = 0
  let height = 0
  let [first, end] = [0, 0]
  let revealed = 0

  const rowHeight = (): number => {
    // With its fraction: over thousands of rows it is screens.
    if (height === 0) height = list.firstElementChild?.getBoundingClientRect().height ?? 0
    return height === 0 ? guessedHeight : height
  }
  const rowOf = (i: number): HTMLLIElement => {
    const made = row(i)
    made.dataset["row"] = String(i)
    made.setAttribute("aria-setsize", String(count))
    made.setAttribute("aria-posinset", String(i + 1))
    return made
  }
  const render = (always: boolean): void => {
    const own = rowHeight()
    // In steps, so that not every row that comes into view draws some.
    const from = Math.max(0, Math.floor(list.scrollTop / own / step) * step - margin)
    const to = Math.min(count, Math.ceil((list.scrollTop + list.clientHeight) / own / step) * step + margin)
    if (!always && from === first && to === end) return
    // Rows that stay are left where they are: their text is not laid out again.
    const stays = (i: number): boolean => !always && i >= Math.max(from, first) && i < Math.min(to, end)
    const before = [...list.querySelectorAll<HTMLLIElement>(":scope > li")]
    const kept = before.filter((made, n) => {
      if (!stays(first + n)) return false
      made.style.removeProperty("margin-top")
      made.style.removeProperty("margin-bottom")
      return true
    })
    const [keptFrom, keptTo] = kept.length === 0 ? [to, to] : [Math.max(from, first), Math.min(to, end)]
    const made = (a: number, b: number): ReadonlyArray<HTMLLIElement> =>
      Array.from({ length: Math.max(0, b - a) }, (_, n) => rowOf(a + n))
    const [above, below] = [made(from, keptFrom), made(keptTo, to)]
    ;[first, end] = [from, to]
    const rows = [...above, ...kept, ...below]
    // Of the rows, since the list's own padding would make it as high as that.
    rows[0]?.style.setProperty("margin-top", `${from * own}px`)
    rows.at(-1)?.style.setProperty("margin-bottom", `${(count - to) * own}px`)
    if (kept.length === 0) return list.replaceChildren(...rows)
    for (const old of before) if (!kept.includes(old)) old.remove()
    list.prepend(...above)
    list.append(...below)
  }
  listen(list, { scroll: () => render(false) })
  const reveal = (i: number): void => {
    revealed = i
    const own = rowHeight()
    if (i * own < list.scrollTop) list.scrollTop = i * own
    else if ((i + 1) * own > list.scrollTop + list.clientHeight) list.scrollTop = (i + 1) * own - list.clientHeight
    render(false)
  }
  // A list that is not shown has no height; jsdom knows no such observer.
  if (typeof ResizeObserver !== "undefined") {
    new ResizeObserver(() => {
      height = 0
      render(true)
      reveal(revealed)
    }).observe(list)
  }
  return {
    reveal,
    draw: (wanted) => {
      if (wanted !== undefined) {
        count = wanted
        list.scrollTop = 0
      }
      render(true)
    }
  }
}
