/**
 * A list on the left with search and order, details on the right. Keys: arrows, Home, End, PageUp, PageDown in the list;
 * Enter or ArrowDown leaves the search.
 */
import { element, listen } from "./element.ts"
import type { View } from "./links.ts"
import { numberText } from "./number-text.ts"
import { virtualList } from "./virtual-list.ts"

export interface Group<Item> {
  readonly label: string
  readonly items: ReadonlyArray<Item>
}

export interface ListBrowserOptions<Item extends { readonly id: number }, G extends Group<Item>> {
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

export interface ListBrowser {
  readonly focusSearch: () => void
  /** False where there is no such item. Without `id` the first one is shown. */
  readonly show: (group: number, view: View, id: number | undefined) => boolean
  /** Scrolls the page to it: to the details where they stand below the list. */
  readonly reveal: () => void
  /** Draws anew what is shown, where it is. */
  readonly redraw: () => void
}

export const listBrowser = <Item extends { readonly id: number }, G extends Group<Item>>(
  options: ListBrowserOptions<Item, G>
): ListBrowser => {
  const { place, name, groups, orders, describe, detail, haystack, onChoice } = options
  let group =
    options.opens ??
    Math.max(
      0,
      groups.findIndex(({ items }) => items.length > 0)
    )
  let found: ReadonlyArray<Item> = []
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
  place.append(element("div", { class: "side" }, element("div", { class: "controls" }, controls), list), pane)

  const rows = virtualList(list, (i) => {
    const { id, value, what } = describe(found[i] as Item, chosen())
    const parts = [["id", id] as const, ["value", value] as const, ["what", what] as const]
    return element(
      "li",
      { role: "option", id: `${place.id}-${i}`, "aria-selected": String(i === current) },
      parts.map(([part, text]) => element("span", { class: part }, text))
    )
  })
  const optionOf = (i: number): HTMLElement | null => list.querySelector(`[data-row="${i}"]`)

  const pick = (i: number): void => {
    if (found[i] === undefined) return
    optionOf(current)?.setAttribute("aria-selected", "false")
    current = i
    rows.reveal(i)
    const option = optionOf(i)
    option?.setAttribute("aria-selected", "true")
    if (option !== null) list.setAttribute("aria-activedescendant", option.id)
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
    current = -1
    list.removeAttribute("aria-activedescendant")
    const all = `${numberText(items.length)} ${name}`
    count.textContent = found.length === items.length ? all : `${numberText(found.length)} of ${all}`
    rows.draw(found.length)
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
  listen(list, {
    click: ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null
      if (row === null) return
      choose(Number(row.dataset["row"]))
      list.focus({ preventScroll: true })
      // On a narrow screen the details stand below the list.
      if (pane.getBoundingClientRect().top >= innerHeight - 40) pane.scrollIntoView({ block: "start" })
    },
    // What is scrolled out of view is not in the document.
    scroll: () => {
      const option = optionOf(current)
      if (option === null) list.removeAttribute("aria-activedescendant")
      else list.setAttribute("aria-activedescendant", option.id)
    },
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
    reveal: () => {
      const stacked = pane.getBoundingClientRect().top > list.getBoundingClientRect().top
      const target = stacked ? pane : place
      target.scrollIntoView({ block: "start" })
    },
    redraw: () => {
      rows.draw()
      drawDetail()
    },
    show: (wanted, { search: words, order: wantedOrder }, id) => {
      if (groups[wanted] === undefined) return false
      search.value = words
      order.value = String(orders[wantedOrder] === undefined ? 0 : wantedOrder)
      group = wanted
      select.value = String(group)
      refresh()
      if (id === undefined) return true
      const i = found.findIndex((item) => item.id === id)
      if (i < 0) return false
      pick(i)
      return true
    }
  }
}
