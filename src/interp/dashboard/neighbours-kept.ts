/** How much of the neighbourhoods of directions a map keeps. */
import { largestNeighbours } from "../../analysis/largest-neighbours.ts"
import type { Ranked } from "./firing-together.ts"
import type { PlacedDirections } from "./map-directions.ts"

/**
 * Of each of some directions the share of its nearest that are also among as many nearest points of the map.
 *
 * @param near of each direction as many of the others
 * @param asked indexes of the directions that are looked at
 * @param at which point of the map each direction is taken to be
 */
export const neighboursKept = (
  { x, y }: PlacedDirections,
  near: ReadonlyArray<Ranked>,
  asked: ArrayLike<number>,
  at: ArrayLike<number>
): ReadonlyArray<number> =>
  Array.from(asked, (own) => {
    const others = near.flatMap((_, id) => (id === own ? [] : [id]))
    const closeness = (id: number): number => -Math.hypot(x[at[id]!]! - x[at[own]!]!, y[at[id]!]! - y[at[own]!]!)
    const wanted = near[own]![0]
    const [shown] = largestNeighbours(others, others.length, closeness, wanted.length)
    return wanted.filter((id) => shown.includes(id)).length / wanted.length
  })
