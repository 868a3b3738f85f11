/**
 * A list on the left with search and order, details on the right. Keys: arrows, Home, End, PageUp, PageDown in the list;
 * Enter or ArrowDown leaves the search.
 */
import { element, listen } from "./element.ts"
import type { View } from "./links.ts"
import { numberText } from "./number-text.ts"

export interface Group<Item> {
  readonly label: string
  readonly items: ReadonlyArray<Item>
}

export interface ListBrowserOptions<Item, G extends Group<Item>> {
  readonly place: HTMLElement
  /** What is listed, in the plural. */
  readonly name: string
  readonly groups: ReadonlyArray<G>
  /** Index of the group that is shown first; else the first with items. */
  readonly opens?: number | undefined
  readonly orders: ReadonlyArray<{ readonly label: string; readonly compare: (a: Item, b: Item) => number }>
  readonly describe: (item: Item, group: G) => { readonly id: string; readonly value: string; readonly what: string }
  readonly detail: (item: Item, group: G, index: number) => ReadonlyArray<Node | string>
  /** Lower case: what the search looks at. */
  readonly haystack: (item: Item, group: G) => string
  /** Told what a person chose; no item where nothing matches. */
  readonly onChoice: (group: number, item: Item | undefined, view: View) => void
}

export interface ListBrowser<Item> {
  readonly focusSearch: () => void
  /** False where there is no such item. Without `matches` the first one is shown. */
  readonly show: (group: number, view: View, matches: ((item: Item) => boolean) | undefined) => boolean
  /** Draws anew what is shown, where it is. */
  readonly redraw: () => void
}

const pageSize = 250

export const listBrowser = <Item, G extends Group<Item>>(options: ListBrowserOptions<Item, G>): ListBrowser<Item> => {
  const { place, name, groups, orders, describe, detail, haystack, onChoice } = options
  let group =
    options.opens ??
    Math.max(
      0,
      groups.findIndex(({ items }) => items.length > 0)
    )
  let found: ReadonlyArray<Item> = []
  let shown = 0
  let current = -1
  const chosen = (): G => groups[group] as G

  const search = element("input", { type: "search", placeholder: `Search ${name}`, "aria-label": `Search ${name}` })
  const select = element(
    "select",
    { "aria-label": "SAE" },
    groups.map(({ label, items }, i) => element("option", { value: i, disabled: items.length === 0 }, label))
  )
  const order = element(
    "select",
    { "aria-label": "Order" },
    orders.map(({ label }, i) => element("option", { value: i }, label))
  )
  const count = element("div", { class: "count", role: "status" })
  const list = element("ul", { role: "listbox", tabindex: "0", "aria-label": name })
  const more = element("button", { type: "button", class: "more" }, "Show more")
  const values = element("button", { type: "button", "aria-pressed": "false" }, "Show values")
  const back = element("button", { type: "button", class: "back" }, "Back to the list")
  const reading = element("div", { class: "reading" }, values, back)
  const controls = [search, groups.length > 1 ? select : undefined, orders.length > 1 ? order : undefined, count]
  const pane = element("div", {
    class: "detail",
    tabindex: "0",
    role: "region",
    "aria-label": `Details of ${name}`,
    "aria-live": "polite"
  })
  place.append(element("div", { class: "side" }, element("div", { class: "controls" }, controls), list, more), pane)

  const draw = (upTo: number): void => {
    for (; shown < Math.min(upTo, found.length); shown++) {
      const i = shown
      const { id, value, what } = describe(found[i] as Item, chosen())
      const parts = [["id", id] as const, ["value", value] as const, ["what", what] as const]
      const row = element(
        "li",
        { role: "option", id: `${place.id}-${i}`, "aria-selected": "false" },
        parts.map(([part, text]) => element("span", { class: part }, text))
      )
      listen(row, {
        click: () => {
          choose(i)
          list.focus({ preventScroll: true })
          // On a narrow screen the details stand below the list.
          if (pane.getBoundingClientRect().top >= innerHeight - 40) pane.scrollIntoView({ block: "start" })
        }
      })
      list.append(row)
    }
    more.hidden = shown >= found.length
  }

  const pick = (i: number): void => {
    const item = found[i]
    if (item === undefined) return
    if (i >= shown) draw(i + pageSize)
    list.children[current]?.setAttribute("aria-selected", "false")
    current = i
    const option = list.children[i] as HTMLElement
    option.setAttribute("aria-selected", "true")
    list.setAttribute("aria-activedescendant", option.id)
    const [box, own] = [list.getBoundingClientRect(), option.getBoundingClientRect()]
    if (own.top < box.top) list.scrollTop -= box.top - own.top
    else if (own.bottom > box.bottom) list.scrollTop += own.bottom - box.bottom
    drawDetail()
    pane.scrollTop = 0
  }

  const drawDetail = (): void => {
    const item = found[current]
    if (item !== undefined) pane.replaceChildren(reading, ...detail(item, chosen(), group))
  }

  const view = (): View => ({ search: search.value.trim(), order: Number(order.value) || 0 })
  const tell = (): void => onChoice(group, found[current], view())

  const choose = (i: number): void => {
    if (found[i] === undefined) return
    pick(i)
    tell()
  }

  const refresh = (): void => {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const { items } = chosen()
    const compare = (orders[Number(order.value) || 0] as (typeof orders)[number]).compare
    found = items.filter((item) => words.every((word) => haystack(item, chosen()).includes(word))).toSorted(compare)
    list.replaceChildren()
    shown = 0
    current = -1
    const all = `${numberText(items.length)} ${name}`
    count.textContent = found.length === items.length ? all : `${numberText(found.length)} of ${all}`
    draw(pageSize)
    if (found.length > 0) pick(0)
    else pane.replaceChildren(element("p", { class: "empty" }, "Nothing matches."))
  }

  listen(values, {
    click: () => {
      const shown = values.getAttribute("aria-pressed") !== "true"
      values.setAttribute("aria-pressed", String(shown))
      pane.classList.toggle("values", shown)
    }
  })
  listen(back, {
    click: () => {
      place.scrollIntoView({ block: "start" })
      list.focus({ preventScroll: true })
    }
  })
  const change = (): void => {
    refresh()
    tell()
  }
  listen(search, {
    input: change,
    keydown: (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") {
        event.preventDefault()
        list.focus()
      }
      if (event.key === "Escape") {
        search.value = ""
        change()
      }
    }
  })
  listen(order, { change })
  listen(select, {
    change: () => {
      group = Number(select.value)
      change()
    }
  })
  listen(more, { click: () => draw(shown + pageSize) })
  listen(list, {
    keydown: (event) => {
      const moves: Readonly<Record<string, number>> = {
        ArrowDown: current + 1,
        ArrowUp: current - 1,
        Home: 0,
        End: found.length - 1,
        PageDown: Math.min(found.length - 1, current + 8),
        PageUp: Math.max(0, current - 8)
      }
      const to = moves[event.key]
      if (to === undefined) return
      event.preventDefault()
      choose(to)
    }
  })
  select.value = String(group)
  refresh()
  return {
    focusSearch: () => search.focus(),
    redraw: () => {
      const at = current
      list.replaceChildren()
      const upTo = shown
      shown = 0
      draw(upTo)
      if (at >= 0) pick(at)
    },
    show: (wanted, { search: words, order: wantedOrder }, matches) => {
      if (groups[wanted] === undefined) return false
      search.value = words
      order.value = String(orders[wantedOrder] === undefined ? 0 : wantedOrder)
      group = wanted
      select.value = String(group)
      refresh()
      if (matches === undefined) return true
      const i = found.findIndex(matches)
      if (i < 0) return false
      pick(i)
      return true
    }
  }
}
