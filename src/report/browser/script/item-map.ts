/**
 * Items as points on a canvas: pointed at, one tells what it is; clicked, it opens; drawn round (by mouse, pen or finger), those inside are
 * chosen. By keyboard: arrows move a circle, + and - change its size, Enter chooses what is in it, Escape lets go.
 */
import { type Area, areaOf, circle, isWithin, type Point } from "./area.ts"
import { element, listen } from "./element.ts"
import { type Palette, paletteOf, type Shade } from "./map-colours.ts"
import { numberText } from "./number-text.ts"

export interface ItemMapOptions {
  readonly name: string
  /** In the unit square, y upwards. */
  readonly points: ReadonlyArray<Point>
  /** By the name that is chosen; the first one at first. */
  readonly shades: ReadonlyArray<readonly [string, Shade]>
  readonly describe: (index: number) => string
  readonly onOpen: (index: number) => void
  readonly onArea: (area: Area | undefined) => void
}

export interface ItemMap {
  readonly nodes: ReadonlyArray<HTMLElement>
  /** @param found indexes of what the list shows; `current` the one that is chosen there */
  readonly draw: (found: ReadonlySet<number>, current: number | undefined, area: Area | undefined) => void
}

/** Pixels: round the points; from which on a press is a line; within which a point is pointed at. */
const [border, lineFrom, reach] = [14, 6, 12]

export const itemMap = ({ name, points, shades, describe, onOpen, onArea }: ItemMapOptions): ItemMap => {
  const canvas = element("canvas", { tabindex: "0", role: "application", "aria-describedby": "map-keys" })
  canvas.setAttribute("aria-label", name)
  const status = element("p", { class: "note", role: "status" })
  const keys = element(
    "p",
    { class: "note", id: "map-keys" },
    "Draw round latents to list them; click one to open it. Keys: arrows move a circle, + and − change its size, Enter lists what is in it, Escape lists all."
  )
  const legend = element("div", { class: "legend" })
  const select = element(
    "select",
    { "aria-label": "Colour of the points" },
    shades.map(([label], i) => element("option", { value: i }, label))
  )
  let [found, current, area]: Parameters<ItemMap["draw"]> = [new Set(), undefined, undefined]
  let pointed: number | undefined
  let line: Array<Point> | undefined
  let ring: { readonly at: Point; readonly radius: number } | undefined

  const side = (): number => Math.max(1, Math.min(canvas.clientWidth, canvas.clientHeight) - 2 * border)
  const left = (): number => (canvas.clientWidth - side()) / 2
  const top = (): number => (canvas.clientHeight - side()) / 2
  const onCanvas = ({ x, y }: Point): readonly [number, number] => [left() + x * side(), top() + (1 - y) * side()]
  const onMap = ({ offsetX, offsetY }: MouseEvent): Point => ({
    x: (offsetX - left()) / side(),
    y: 1 - (offsetY - top()) / side()
  })
  /** Of those that the list shows. */
  const nearest = (at: Point, within: number): number | undefined => {
    let [best, least]: [number | undefined, number] = [undefined, within]
    for (const i of found) {
      const { x, y } = points[i] as Point
      const distance = Math.hypot(x - at.x, y - at.y)
      if (distance <= least) [best, least] = [i, distance]
    }
    return best
  }

  const outline = (context: CanvasRenderingContext2D, corners: Area, colour: string): void => {
    context.beginPath()
    for (const corner of corners) context.lineTo(...onCanvas(corner))
    context.closePath()
    context.strokeStyle = colour
    context.lineWidth = 1.5
    context.stroke()
    context.globalAlpha = 0.08
    context.fillStyle = colour
    context.fill()
    context.globalAlpha = 1
  }
  const shade = (): Shade => (shades[Number(select.value)] ?? shades[0])![1]

  /** The points alone, which pointing and drawing do not change. */
  let layer: HTMLCanvasElement | undefined
  const pointLayer = (palette: Palette): HTMLCanvasElement => {
    const drawn = element("canvas", { width: canvas.width, height: canvas.height })
    const context = drawn.getContext("2d")
    if (context === null) return drawn
    context.scale(devicePixelRatio, devicePixelRatio)
    const size = points.length > 4000 ? 2.4 : points.length > 800 ? 3.6 : 5
    const dots = (indexes: Iterable<number>, colour: string): void => {
      context.fillStyle = colour
      for (const i of indexes) {
        const [x, y] = onCanvas(points[i] as Point)
        context.fillRect(x - size / 2, y - size / 2, size, size)
      }
    }
    const chosen = shade()
    const byColour = palette.colours.map(() => new Array<number>())
    const others: Array<number> = []
    for (const i of points.keys()) {
      const value = found.has(i) ? chosen.of(i) : undefined
      const group = value === undefined ? others : byColour[palette.colourOf(value)]
      group?.push(i)
    }
    dots(others, palette.faint)
    for (const [i, group] of byColour.entries()) dots(group, palette.colours[i] as string)
    return drawn
  }

  const paint = (): void => {
    const context = canvas.getContext("2d")
    if (context === null || canvas.clientWidth === 0) return
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio)
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio)
    const palette = paletteOf(legend, shade())
    layer ??= pointLayer(palette)
    context.drawImage(layer, 0, 0)
    context.scale(devicePixelRatio, devicePixelRatio)
    if (area !== undefined) outline(context, area, palette.accent)
    if (line !== undefined) outline(context, line, palette.accent)
    if (ring !== undefined) outline(context, circle(ring.at, ring.radius), palette.ink)
    for (const [i, radius] of [
      [current, 7],
      [pointed, 5]
    ] as const) {
      if (i === undefined) continue
      context.beginPath()
      context.arc(...onCanvas(points[i] as Point), radius, 0, 2 * Math.PI)
      context.strokeStyle = palette.ink
      context.lineWidth = 2
      context.stroke()
    }
  }
  let asked = false
  /** Once a frame at most. */
  const repaint = (): void => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      paint()
    })
  }
  const redraw = (): void => {
    layer = undefined
    repaint()
  }

  const explain = (): void => {
    const { classes, ends } = shade()
    legend.replaceChildren(
      ...(classes ?? []).map(({ name: label, colour }) =>
        element("span", {}, element("i", { class: "swatch point", "--swatch": `var(${colour})` }), label)
      ),
      ...(ends === undefined ? [] : [element("span", {}, ends[0], element("i", { class: "scale" }), ends[1])]),
      element("span", {}, element("i", { class: "swatch point", "--swatch": "var(--line)" }), "not listed, or without")
    )
    redraw()
  }
  const tell = (): void => {
    const told = pointed ?? current
    status.textContent = told === undefined ? `${numberText(points.length)} on the map` : describe(told)
  }
  const point = (to: number | undefined): void => {
    if (pointed === to) return
    pointed = to
    canvas.classList.toggle("pointing", to !== undefined)
    tell()
    repaint()
  }

  listen(select, { change: explain })
  listen(canvas, {
    pointerdown: (event) => {
      if (event.button !== 0) return
      canvas.setPointerCapture(event.pointerId)
      ring = undefined
      line = [onMap(event)]
    },
    pointermove: (event) => {
      if (line === undefined) return point(nearest(onMap(event), reach / side()))
      line.push(onMap(event))
      repaint()
    },
    pointerup: (event) => {
      const [first] = line ?? []
      const drawn = line
      line = undefined
      if (first === undefined || drawn === undefined) return
      const far = drawn.some(({ x, y }) => Math.hypot(x - first.x, y - first.y) * side() > lineFrom)
      if (far) return onArea(areaOf(drawn))
      const hit = nearest(onMap(event), reach / side())
      if (hit !== undefined) return onOpen(hit)
      if (area !== undefined) onArea(undefined)
      repaint()
    },
    pointercancel: () => {
      line = undefined
      repaint()
    },
    pointerleave: () => point(undefined),
    blur: () => {
      ring = undefined
      repaint()
    },
    keydown: (event) => {
      const at = ring?.at ?? (current === undefined ? { x: 0.5, y: 0.5 } : (points[current] as Point))
      const radius = ring?.radius ?? 0.08
      const step = event.shiftKey ? 0.05 : 0.02
      const moves: Readonly<Record<string, readonly [number, number]>> = {
        ArrowLeft: [-step, 0],
        ArrowRight: [step, 0],
        ArrowUp: [0, step],
        ArrowDown: [0, -step]
      }
      const move = moves[event.key]
      const inside = (value: number): number => Math.min(1, Math.max(0, value))
      if (move !== undefined) ring = { at: { x: inside(at.x + move[0]), y: inside(at.y + move[1]) }, radius }
      else if (event.key === "+" || event.key === "=") ring = { at, radius: Math.min(0.5, radius * 1.25) }
      else if (event.key === "-") ring = { at, radius: Math.max(0.01, radius / 1.25) }
      else if (event.key === "Enter") return ring === undefined ? undefined : onArea(circle(ring.at, ring.radius))
      else if (event.key === "Escape") {
        ring = undefined
        return onArea(undefined)
      } else return
      event.preventDefault()
      const border = circle(ring.at, ring.radius)
      const within = [...found].filter((i) => isWithin(border, points[i] as Point))
      pointed = nearest(ring.at, ring.radius)
      const text = `${numberText(within.length)} in the circle`
      status.textContent = pointed === undefined ? text : `${text}; in its middle ${describe(pointed)}`
      repaint()
    }
  })
  new ResizeObserver(redraw).observe(canvas)
  // Colours are those of the theme.
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw)
  explain()
  return {
    nodes: [element("div", { class: "shades" }, select, legend), status, canvas, keys],
    draw: (shown, chosen, drawn) => {
      ;[found, current, area] = [shown, chosen, drawn]
      pointed = undefined
      tell()
      redraw()
    }
  }
}
