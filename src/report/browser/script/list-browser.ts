/**
 * A list on the left with search and order, details on the right. Keys: arrows, Home, End, PageUp, PageDown in the list;
 * Enter or ArrowDown leaves the search.
 */
import { type Area, areaText, readArea } from "./area.ts"
import { element, listen } from "./element.ts"
import type { ItemMap } from "./item-map.ts"
import type { View } from "./links.ts"
import { numberText } from "./number-text.ts"
import { virtualList } from "./virtual-list.ts"

export interface Group<Item> {
  readonly label: string
  readonly items: ReadonlyArray<Item>
}

export interface Kept<Item> {
  /** In the address. */
  readonly key: string
  readonly label: string
  readonly keeps: (item: Item) => boolean
}

/** Where items lie. */
export interface Mapped<Item> {
  /** Undefined where it is not on the map. */
  readonly indexOf: (item: Item) => number | undefined
  readonly isWithin: (item: Item, area: Area) => boolean
  readonly make: (onOpen: (index: number) => void, onArea: (area: Area | undefined) => void) => ItemMap
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
  /** Parts of a group that can be shown alone. */
  readonly only?: (group: G) => ReadonlyArray<Kept<Item>>
  readonly mapped?: (group: G, index: number) => Mapped<Item> | undefined
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
  let area: Area | undefined
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
  const only = element("select", { "aria-label": "Which are shown" })
  const count = element("div", { class: "count", role: "status" })
  const clear = element("button", { type: "button", hidden: true }, "Whole map")
  const mapShown = element("button", { type: "button", "aria-pressed": "false" }, "Map")
  const list = element("ul", { role: "listbox", tabindex: "0", "aria-label": name })
  const values = element("button", { type: "button", "aria-pressed": "false" }, "Show values")
  const back = element("button", { type: "button", class: "back" }, "Back to the list")
  const reading = element("div", { class: "reading" }, mapShown, values, back)
  const controls = [
    search,
    groups.length > 1 ? select : undefined,
    orders.length > 1 ? order : undefined,
    only,
    element("div", { class: "counted" }, count, clear)
  ]
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

  /** Of the group that is shown, and made when it is first looked at. */
  let mapped: Mapped<Item> | undefined
  let map: ItemMap | undefined
  const isMapShown = (): boolean => mapShown.getAttribute("aria-pressed") === "true"
  const showMap = (shows: boolean): void => {
    mapShown.setAttribute("aria-pressed", String(shows && mapped !== undefined))
    values.hidden = isMapShown()
  }

  const drawDetail = (): void => {
    const item = found[current]
    if (mapped !== undefined && isMapShown()) {
      map ??= mapped.make(openOnMap, drawRound)
      const { nodes, draw } = map
      // Where it is drawn on, it stays: what is replaced loses the finger that draws.
      if (nodes[0]?.isConnected !== true) pane.replaceChildren(reading, ...nodes)
      const place = mapped
      draw(new Set(found.flatMap((each) => place.indexOf(each) ?? [])), item && place.indexOf(item), area)
    } else if (item !== undefined) pane.replaceChildren(reading, ...detail(item, chosen(), group))
    else pane.replaceChildren(element("p", { class: "empty" }, "Nothing matches."))
  }

  const view = (): View => ({
    search: search.value.trim(),
    order: Number(order.value) || 0,
    only: only.value,
    area: area === undefined ? "" : areaText(area),
    map: isMapShown()
  })
  const tell = (): void => onChoice(group, found[current], view())

  const choose = (i: number): void => {
    if (found[i] === undefined) return
    pick(i)
    tell()
  }

  const refresh = (): void => {
    // "#911" is how a latent is written elsewhere.
    const words = search.value
      .trim()
      .toLowerCase()
      .split(/\s+/)
      .map((word) => word.replace(/^#(?=\d+$)/, ""))
      .filter(Boolean)
    const { items } = chosen()
    const compare = (orders[Number(order.value) || 0] as (typeof orders)[number]).compare
    const { keeps = () => true } = parts.find(({ key }) => key === only.value) ?? {}
    const lies = (item: Item): boolean => area === undefined || mapped?.isWithin(item, area) === true
    found = items
      .filter((item) => keeps(item) && lies(item) && words.every((word) => haystack(item, chosen()).includes(word)))
      .toSorted(compare)
    clear.hidden = area === undefined
    current = -1
    list.removeAttribute("aria-activedescendant")
    const all = `${numberText(items.length)} ${name}`
    count.textContent = found.length === items.length ? all : `${numberText(found.length)} of ${all}`
    rows.draw(found.length)
    if (found.length > 0) pick(0)
    else drawDetail()
  }
  let parts: ReadonlyArray<Kept<Item>> = []
  const enter = (wanted: number): void => {
    group = wanted
    select.value = String(group)
    parts = (options.only?.(chosen()) ?? []).filter(({ keeps }) => chosen().items.some(keeps))
    const all = element("option", { value: "" }, `All ${name}`)
    only.replaceChildren(all, ...parts.map(({ key, label }) => element("option", { value: key }, label)))
    only.hidden = parts.length === 0
    mapped = options.mapped?.(chosen(), group)
    ;[map, area] = [undefined, undefined]
    mapShown.hidden = mapped === undefined
    showMap(isMapShown())
  }
  const openOnMap = (index: number): void => {
    const i = found.findIndex((item) => mapped?.indexOf(item) === index)
    if (i < 0) return
    showMap(false)
    choose(i)
  }
  const drawRound = (drawn: Area | undefined): void => {
    area = drawn
    change()
  }

  listen(values, {
    click: () => {
      const shown = values.getAttribute("aria-pressed") !== "true"
      values.setAttribute("aria-pressed", String(shown))
      pane.classList.toggle("values", shown)
    }
  })
  listen(mapShown, {
    click: () => {
      showMap(!isMapShown())
      drawDetail()
      tell()
    }
  })
  listen(clear, { click: () => drawRound(undefined) })
  listen(only, { change: () => change() })
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
      enter(Number(select.value))
      change()
    }
  })
  listen(list, {
    click: ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null
      if (row === null) return
      showMap(false)
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
      if (event.key === "Enter" && isMapShown()) {
        showMap(false)
        drawDetail()
        tell()
      }
      const to = moves[event.key]
      if (to === undefined) return
      event.preventDefault()
      choose(to)
    }
  })
  enter(group)
  refresh()
  return {
    focusSearch: () => search.focus(),
    reveal: () => {
      const stacked = pane.getBoundingClientRect().top > list.getBoundingClientRect().top
      // Where all of it fits below the head of the page, that stays in view.
      const { height, bottom } = place.getBoundingClientRect()
      const fits = !stacked && height > 0 && bottom + scrollY <= innerHeight
      if (fits) document.documentElement.scrollTop = 0
      else (stacked ? pane : place).scrollIntoView({ block: "start" })
    },
    redraw: () => {
      rows.draw()
      drawDetail()
    },
    show: (
      wanted,
      { search: words, order: wantedOrder, only: part = "", area: drawn = "", map: shows = false },
      id
    ) => {
      if (groups[wanted] === undefined) return false
      if (wanted !== group) enter(wanted)
      only.value = parts.some(({ key }) => key === part) ? part : ""
      area = mapped === undefined ? undefined : readArea(drawn)
      showMap(shows)
      search.value = words
      order.value = String(orders[wantedOrder] === undefined ? 0 : wantedOrder)
      refresh()
      if (id === undefined) return true
      const i = found.findIndex((item) => item.id === id)
      if (i < 0) return false
      pick(i)
      return true
    }
  }
}
