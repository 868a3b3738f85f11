/**
 * Rows of a list box of any length: those in view and some around them are in the document, the rest is margin. All rows have one height,
 * which the style sheet sets.
 */
import { listen } from "./element.ts"

/** Rows drawn at once beside those in view. */
const margin = 12
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
  const render = (always: boolean): void => {
    const own = rowHeight()
    // In steps, so that not every row that comes into view draws all.
    const from = Math.max(0, Math.floor(list.scrollTop / own / margin - 1) * margin)
    const to = Math.min(count, Math.ceil((list.scrollTop + list.clientHeight) / own / margin + 1) * margin)
    if (!always && from === first && to === end) return
    ;[first, end] = [from, to]
    const rows = Array.from({ length: Math.max(0, to - from) }, (_, n) => {
      const made = row(from + n)
      made.dataset["row"] = String(from + n)
      made.setAttribute("aria-setsize", String(count))
      made.setAttribute("aria-posinset", String(from + n + 1))
      return made
    })
    // Of the rows, since the list's own padding would make it as high as that.
    rows[0]?.style.setProperty("margin-top", `${from * own}px`)
    rows.at(-1)?.style.setProperty("margin-bottom", `${(count - to) * own}px`)
    list.replaceChildren(...rows)
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
