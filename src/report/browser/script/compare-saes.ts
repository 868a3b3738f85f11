/** Two SAEs side by side: every metric that both have, the difference, and whether it exceeds its noise. */
import { differenceNoise } from "../../../numeric/difference-noise.ts"
import { element, listen } from "./element.ts"
import { numberText } from "./number-text.ts"

interface Measured {
  readonly value: number
  /** Undefined where it has no interval. */
  readonly ends: { readonly low: number; readonly high: number } | undefined
}

export interface MeasuredRow {
  readonly name: string
  /** Of each SAE; undefined where it has none. */
  readonly of: ReadonlyArray<Measured | undefined>
}

const measuredIn = (cell: Element): Measured | undefined => {
  const data = cell.querySelector("data")
  if (data === null) return undefined
  const { low, high } = data.dataset
  const ends = low === undefined || high === undefined ? undefined : { low: Number(low), high: Number(high) }
  return { value: Number(data.value), ends }
}

/** A table with a row a metric and a column an SAE. */
const measuredRows = (table: HTMLTableElement): ReadonlyArray<MeasuredRow> =>
  [...table.querySelectorAll("tbody tr")].map(({ children: [name, ...cells] }) => ({
    name: name?.textContent?.trim() ?? "",
    of: cells.map(measuredIn)
  }))

/** `undefined` where there is no interval to tell by. */
export const exceedsNoise = (a: Measured, b: Measured): boolean | undefined =>
  a.ends === undefined || b.ends === undefined
    ? undefined
    : Math.abs(b.value - a.value) > differenceNoise({ value: a.value, ...a.ends }, { value: b.value, ...b.ends })

const shown = ({ value, ends }: Measured): HTMLElement =>
  ends === undefined
    ? element("data", { value }, numberText(value))
    : element(
        "data",
        { value, "data-low": ends.low, "data-high": ends.high },
        `${numberText(value)} `,
        element("span", { class: "noise" }, `(${numberText(ends.low)} to ${numberText(ends.high)})`)
      )

const verdicts = { true: "beyond its noise", false: "within its noise", undefined: "–" } as const

const difference = ({ name, of }: MeasuredRow, [first, second]: readonly [number, number]): HTMLElement | undefined => {
  const [a, b] = [of[first], of[second]]
  if (a === undefined || b === undefined) return undefined
  const by = b.value - a.value
  return element(
    "tr",
    {},
    element("td", { class: "mono" }, name),
    element("td", {}, shown(a)),
    element("td", {}, shown(b)),
    element("td", {}, element("data", { value: by }, `${by > 0 ? "+" : ""}${numberText(by)}`)),
    element("td", {}, verdicts[`${exceedsNoise(a, b)}`])
  )
}

/** @param place filled where the table has two SAEs at least */
export const compareSaes = (place: HTMLElement, table: HTMLTableElement): void => {
  const labels = [...table.querySelectorAll("thead th")].slice(1).map((head) => head.textContent?.trim() ?? "")
  if (labels.length < 2) return
  const rows = measuredRows(table)
  const select = (label: string, chosen: number): HTMLSelectElement => {
    const made = element(
      "select",
      { "aria-label": label },
      labels.map((text, i) => element("option", { value: i }, text))
    )
    made.value = String(chosen)
    return made
  }
  const sides = [select("First SAE", 0), select("Second SAE", labels.length - 1)] as const
  const body = element("tbody")
  const heads = ["Metric", "First", "Second", "Difference", "95 %"].map((name) => element("th", { scope: "col" }, name))
  const draw = (): void => {
    const [first, second] = [Number(sides[0].value), Number(sides[1].value)]
    for (const [i, of] of [first, second].entries()) (heads[i + 1] as HTMLElement).textContent = labels[of] ?? ""
    body.replaceChildren(...rows.flatMap((row) => difference(row, [first, second]) ?? []))
  }
  const choose = (): void => {
    history.replaceState(null, "", `#compare/${sides[0].value}/${sides[1].value}`)
    draw()
  }
  for (const side of sides) listen(side, { change: choose })
  /** Two that the address names, `#compare/0/1`. */
  const follow = (): void => {
    const [, first = "", second = ""] = /^#compare\/(\d+)\/(\d+)$/.exec(location.hash) ?? []
    if (labels[Number(first)] === undefined || labels[Number(second)] === undefined || second === "") return
    sides[0].value = first
    sides[1].value = second
    draw()
    place.scrollIntoView({ block: "start" })
  }
  draw()
  place.append(
    element("h3", {}, "Two side by side"),
    element(
      "p",
      { class: "note" },
      "The noise of a difference takes both as independent: what was measured on the same text differs by less."
    ),
    element("div", { class: "reading" }, sides),
    element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Two SAEs side by side" },
      element("table", {}, element("thead", {}, element("tr", {}, heads)), body)
    )
  )
  addEventListener("hashchange", follow)
  follow()
}
