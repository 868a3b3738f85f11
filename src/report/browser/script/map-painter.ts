/** Paints a map: its points once, what is pointed at and drawn above them as often as that changes. */
import { type Area, circle, type Point } from "./area.ts"
import { type Palette, paletteOf, type Shade } from "./map-colours.ts"
import type { MapFrame } from "./map-frame.ts"
import type { MapState } from "./map-state.ts"

export interface MapPainter {
  /** Once a frame at most. */
  readonly repaint: () => void
  /** The points, too. */
  readonly redraw: () => void
}

export interface Painted {
  readonly canvas: HTMLCanvasElement
  readonly frame: MapFrame
  readonly points: ReadonlyArray<Point>
  readonly state: MapState
  readonly shade: () => Shade
  /** An element that has the page's colours. */
  readonly coloured: HTMLElement
}

const outline = (context: CanvasRenderingContext2D, frame: MapFrame, corners: Area, colour: string): void => {
  context.beginPath()
  for (const corner of corners) context.lineTo(...frame.onCanvas(corner))
  context.closePath()
  context.strokeStyle = colour
  context.lineWidth = 1.5
  context.stroke()
  context.globalAlpha = 0.08
  context.fillStyle = colour
  context.fill()
  context.globalAlpha = 1
}

/** The points alone, which pointing and drawing do not change. */
const pointLayer = ({ canvas, frame, points, state, shade }: Painted, palette: Palette): HTMLCanvasElement => {
  const drawn = document.createElement("canvas")
  ;[drawn.width, drawn.height] = [canvas.width, canvas.height]
  const context = drawn.getContext("2d")
  if (context === null) return drawn
  context.scale(devicePixelRatio, devicePixelRatio)
  const size = points.length > 4000 ? 2.4 : points.length > 800 ? 3.6 : 5
  const dots = (indexes: Iterable<number>, colour: string): void => {
    context.fillStyle = colour
    for (const i of indexes) {
      const [x, y] = frame.onCanvas(points[i] as Point)
      context.fillRect(x - size / 2, y - size / 2, size, size)
    }
  }
  const chosen = shade()
  const byColour = palette.colours.map(() => new Array<number>())
  const others: Array<number> = []
  for (const i of points.keys()) {
    const value = state.found.has(i) ? chosen.of(i) : undefined
    const group = value === undefined ? others : byColour[palette.colourOf(value)]
    group?.push(i)
  }
  dots(others, palette.faint)
  for (const [i, group] of byColour.entries()) dots(group, palette.colours[i] as string)
  return drawn
}

const marks = (context: CanvasRenderingContext2D, { frame, points, state }: Painted, palette: Palette): void => {
  if (state.area !== undefined) outline(context, frame, state.area, palette.accent)
  if (state.line !== undefined) outline(context, frame, state.line, palette.accent)
  if (state.ring !== undefined) outline(context, frame, circle(state.ring.at, state.ring.radius), palette.ink)
  for (const [i, radius] of [
    [state.current, 7],
    [state.pointed, 5]
  ] as const) {
    if (i === undefined) continue
    context.beginPath()
    context.arc(...frame.onCanvas(points[i] as Point), radius, 0, 2 * Math.PI)
    context.strokeStyle = palette.ink
    context.lineWidth = 2
    context.stroke()
  }
}

export const mapPainter = (painted: Painted): MapPainter => {
  const { canvas, shade, coloured } = painted
  let layer: HTMLCanvasElement | undefined
  const paint = (): void => {
    const context = canvas.getContext("2d")
    if (context === null || canvas.clientWidth === 0) return
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio)
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio)
    const palette = paletteOf(coloured, shade())
    layer ??= pointLayer(painted, palette)
    context.drawImage(layer, 0, 0)
    context.scale(devicePixelRatio, devicePixelRatio)
    marks(context, painted, palette)
  }
  let asked = false
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
  new ResizeObserver(redraw).observe(canvas)
  // Colours are those of the theme.
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw)
  return { repaint, redraw }
}
