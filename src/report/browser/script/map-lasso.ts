/** Drawing on a map by mouse, pen or finger: pointed at, an item is told; clicked, it opens; drawn round, those inside are chosen. */
import { areaOf, type Point } from "./area.ts"
import { listen } from "./element.ts"
import type { DrawnMap } from "./drawn-map.ts"
import { nearestFound } from "./map-state.ts"

/** Pixels: from which on a press is a line; within which a point is pointed at. */
const [lineFrom, reach] = [6, 12]

export const mapLasso = ({ canvas, frame, state, options, repaint, tell }: DrawnMap): void => {
  const { points, onOpen, onArea } = options
  const under = (at: Point): number | undefined => nearestFound(state, points, at, reach / frame.side())
  const point = (to: number | undefined): void => {
    if (state.pointed === to) return
    state.pointed = to
    canvas.classList.toggle("pointing", to !== undefined)
    tell()
    repaint()
  }
  listen(canvas, {
    pointerdown: (event) => {
      if (event.button !== 0) return
      canvas.setPointerCapture(event.pointerId)
      state.ring = undefined
      state.line = [frame.onMap(event)]
    },
    pointermove: (event) => {
      if (state.line === undefined) return point(under(frame.onMap(event)))
      state.line.push(frame.onMap(event))
      repaint()
    },
    pointerup: (event) => {
      const { line, area } = state
      const [first] = line ?? []
      state.line = undefined
      if (first === undefined || line === undefined) return
      const far = line.some(({ x, y }) => Math.hypot(x - first.x, y - first.y) * frame.side() > lineFrom)
      if (far) return onArea(areaOf(line))
      const hit = under(frame.onMap(event))
      if (hit !== undefined) return onOpen(hit)
      if (area !== undefined) onArea(undefined)
      repaint()
    },
    pointercancel: () => {
      state.line = undefined
      repaint()
    },
    pointerleave: () => point(undefined)
  })
}
