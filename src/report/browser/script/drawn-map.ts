/** A map that is drawn on, by pointer or keyboard: what it shows, and who is told of what is chosen. */
import type { Area, Point } from "./area.ts"
import type { MapFrame } from "./map-frame.ts"
import type { MapState } from "./map-state.ts"

export interface MapChoices {
  /** In the unit square, y upwards. */
  readonly points: ReadonlyArray<Point>
  readonly onOpen: (index: number) => void
  readonly onArea: (area: Area | undefined) => void
}

export interface DrawnMap {
  readonly canvas: HTMLCanvasElement
  readonly frame: MapFrame
  readonly state: MapState
  readonly options: MapChoices
  readonly repaint: () => void
  /** Says what is pointed at, or else chosen. */
  readonly tell: () => void
}
