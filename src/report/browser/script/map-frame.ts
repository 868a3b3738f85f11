/** Where the unit square of a map lies on its canvas: as large as fits, in the middle. */
import type { Point } from "./area.ts"

/** Pixels round the points. */
const border = 14

export interface MapFrame {
  /** Pixels of the square's side. */
  readonly side: () => number
  readonly onCanvas: (point: Point) => readonly [x: number, y: number]
  readonly onMap: (event: MouseEvent) => Point
}

export const mapFrame = (canvas: HTMLCanvasElement): MapFrame => {
  const side = (): number => Math.max(1, Math.min(canvas.clientWidth, canvas.clientHeight) - 2 * border)
  const left = (): number => (canvas.clientWidth - side()) / 2
  const top = (): number => (canvas.clientHeight - side()) / 2
  return {
    side,
    onCanvas: ({ x, y }) => [left() + x * side(), top() + (1 - y) * side()],
    onMap: ({ offsetX, offsetY }) => ({ x: (offsetX - left()) / side(), y: 1 - (offsetY - top()) / side() })
  }
}
