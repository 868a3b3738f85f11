/** A map by keyboard: arrows move a circle, + and - change its size, Enter chooses what is in it, Escape lets go. */
import { circle, isWithin, type Point } from "./area.ts"
import { listen } from "./element.ts"
import type { DrawnMap } from "./drawn-map.ts"
import { type MapState, nearestFound, type Ring } from "./map-state.ts"

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1]
}

const inside = (value: number): number => Math.min(1, Math.max(0, value))

/** The circle after a key; undefined where the key is not one of its own. */
const moved = ({ at, radius }: Ring, { key, shiftKey }: KeyboardEvent): Ring | undefined => {
  const step = steps[key]
  const by = shiftKey ? 0.05 : 0.02
  if (step !== undefined) return { at: { x: inside(at.x + by * step[0]), y: inside(at.y + by * step[1]) }, radius }
  if (key === "+" || key === "=") return { at, radius: Math.min(0.5, radius * 1.25) }
  return key === "-" ? { at, radius: Math.max(0.01, radius / 1.25) } : undefined
}

const first = ({ current }: MapState, points: ReadonlyArray<Point>): Ring => ({
  at: current === undefined ? { x: 0.5, y: 0.5 } : (points[current] as Point),
  radius: 0.08
})

/** @param told of the circle: how many are in it, and the one in its middle */
export const mapKeys = (
  { canvas, state, options, repaint }: DrawnMap,
  told: (within: number, middle: number | undefined) => void
): void => {
  const { points, onArea } = options
  listen(canvas, {
    blur: () => {
      state.ring = undefined
      repaint()
    },
    keydown: (event) => {
      if (event.key === "Enter") {
        if (state.ring !== undefined) onArea(circle(state.ring.at, state.ring.radius))
        return
      }
      if (event.key === "Escape") {
        state.ring = undefined
        return onArea(undefined)
      }
      const ring = moved(state.ring ?? first(state, points), event)
      if (ring === undefined) return
      event.preventDefault()
      state.ring = ring
      const border = circle(ring.at, ring.radius)
      const within = [...state.found].filter((i) => isWithin(border, points[i] as Point)).length
      state.pointed = nearestFound(state, points, ring.at, ring.radius)
      told(within, state.pointed)
      repaint()
    }
  })
}
