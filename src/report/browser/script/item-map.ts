/**
 * Items as points on a canvas: pointed at, one tells what it is; clicked, it opens; drawn round, those inside are chosen. What is painted, and
 * how it is drawn on by pointer and keyboard: `map-painter.ts`, `map-lasso.ts`, `map-keys.ts`.
 */
import type { Area } from "./area.ts"
import type { MapChoices } from "./drawn-map.ts"
import { element, listen } from "./element.ts"
import type { Shade } from "./map-colours.ts"
import { mapFrame } from "./map-frame.ts"
import { mapKeys } from "./map-keys.ts"
import { mapLasso } from "./map-lasso.ts"
import { mapPainter } from "./map-painter.ts"
import type { MapState } from "./map-state.ts"
import { numberText } from "./number-text.ts"

interface ItemMapOptions extends MapChoices {
  readonly name: string
  /** By the name that is chosen; the first one at first. */
  readonly shades: ReadonlyArray<readonly [string, Shade]>
  readonly describe: (index: number) => string
}

export interface ItemMap {
  readonly nodes: ReadonlyArray<HTMLElement>
  /** @param found indexes of what the list shows; `current` the one that is chosen there */
  readonly draw: (found: ReadonlySet<number>, current: number | undefined, area: Area | undefined) => void
}

const keysText =
  "Near means decoder directions that point alike (UMAP; its axes have no unit). Draw round latents to list them; click one to open it. Keys: arrows move a circle, + and − change its size, Enter lists what is in it, Escape lists all."

const swatch = (colour: string, label: string): HTMLElement =>
  element("span", {}, element("i", { class: "swatch point", "--swatch": `var(${colour})` }), label)

const legendOf = ({ classes = [], ends }: Shade): ReadonlyArray<HTMLElement> => [
  ...classes.map(({ name, colour }) => swatch(colour, name)),
  ...(ends === undefined ? [] : [element("span", {}, ends[0], element("i", { class: "scale" }), ends[1])]),
  swatch("--line", "not listed, or without")
]

export const itemMap = (options: ItemMapOptions): ItemMap => {
  const { name, points, shades, describe } = options
  const canvas = element("canvas", { tabindex: "0", role: "application", "aria-describedby": "map-keys" })
  canvas.setAttribute("aria-label", name)
  const status = element("p", { class: "note", role: "status" })
  const keys = element("p", { class: "note", id: "map-keys" }, keysText)
  const legend = element("div", { class: "legend" })
  const select = element(
    "select",
    { "aria-label": "Colour of the points" },
    shades.map(([label], i) => element("option", { value: i }, label))
  )
  const state: MapState = {
    found: new Set(),
    current: undefined,
    area: undefined,
    pointed: undefined,
    line: undefined,
    ring: undefined
  }
  const shade = (): Shade => (shades[Number(select.value)] ?? shades[0])![1]
  const frame = mapFrame(canvas)
  const { repaint, redraw } = mapPainter({ canvas, frame, points, state, shade, coloured: legend })
  const tell = (): void => {
    const told = state.pointed ?? state.current
    status.textContent = told === undefined ? `${numberText(points.length)} on the map` : describe(told)
  }
  const drawn = { canvas, frame, state, options, repaint, tell }
  mapLasso(drawn)
  mapKeys(drawn, (within, middle) => {
    const text = `${numberText(within)} in the circle`
    status.textContent = middle === undefined ? text : `${text}; in its middle ${describe(middle)}`
  })
  const explain = (): void => {
    legend.replaceChildren(...legendOf(shade()))
    redraw()
  }
  listen(select, { change: explain })
  explain()
  return {
    nodes: [element("div", { class: "shades" }, select, legend), status, canvas, keys],
    draw: (found, current, area) => {
      Object.assign(state, { found, current, area, pointed: undefined })
      tell()
      redraw()
    }
  }
}
