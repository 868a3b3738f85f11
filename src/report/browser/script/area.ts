/** A part of a map that somebody drew round: a polygon, in thousandths of the map's side, as it stands in addresses. */

export interface Point {
  readonly x: number
  readonly y: number
}

export type Area = ReadonlyArray<Point>

/** Corners kept of a line drawn by hand. */
const maxCorners = 48

/** Corners of a drawn line, in the unit square: fewer, and as an address has them. */
export const areaOf = (line: Area): Area => {
  const every = Math.max(1, Math.ceil(line.length / maxCorners))
  // Not -0: it is read as 0.
  const thousandth = (value: number): number => Math.round(value * 1000) / 1000 + 0
  return line.flatMap(({ x, y }, i) => (i % every === 0 ? [{ x: thousandth(x), y: thousandth(y) }] : []))
}

export const areaText = (area: Area): string =>
  area.map(({ x, y }) => `${Math.round(x * 1000)}.${Math.round(y * 1000)}`).join("_")

/** Undefined where the text is not that of a polygon. */
export const readArea = (text: string): Area | undefined => {
  const corners = text.split("_").map((corner) => {
    const [, x, y] = /^(-?\d+)\.(-?\d+)$/.exec(corner) ?? []
    return { x: Number(x ?? "no") / 1000, y: Number(y ?? "no") / 1000 }
  })
  return corners.length < 3 || corners.some(({ x, y }) => Number.isNaN(x + y)) ? undefined : corners
}

/** Whether a point lies inside: a ray from it crosses the border an odd number of times. */
export const isWithin = (area: Area, { x, y }: Point): boolean => {
  let inside = false
  for (const [i, a] of area.entries()) {
    const b = area[(i + 1) % area.length] as Point
    if (a.y > y !== b.y > y && x < a.x + ((b.x - a.x) * (y - a.y)) / (b.y - a.y)) inside = !inside
  }
  return inside
}

export const circle = ({ x, y }: Point, radius: number): Area =>
  areaOf(
    Array.from({ length: 24 }, (_, i) => ({
      x: x + radius * Math.cos((i * Math.PI) / 12),
      y: y + radius * Math.sin((i * Math.PI) / 12)
    }))
  )
