/** What a map shows at a moment beside its points: set by who draws on it, read by who paints it. */
import type { Area, Point } from "./area.ts"

/** A circle that keys move. */
export interface Ring {
  readonly at: Point
  readonly radius: number
}

export interface MapState {
  /** Indexes of what the list shows, and the one that is chosen there. */
  found: ReadonlySet<number>
  current: number | undefined
  /** What was drawn round. */
  area: Area | undefined
  pointed: number | undefined
  /** What is being drawn. */
  line: Array<Point> | undefined
  ring: Ring | undefined
}

/** The one nearest to `at`, of those that the list shows; undefined where none is `within`. */
export const nearestFound = (
  { found }: MapState,
  points: ReadonlyArray<Point>,
  at: Point,
  within: number
): number | undefined => {
  let [best, least]: [number | undefined, number] = [undefined, within]
  for (const i of found) {
    const { x, y } = points[i] as Point
    const distance = Math.hypot(x - at.x, y - at.y)
    if (distance <= least) [best, least] = [i, distance]
  }
  return best
}
