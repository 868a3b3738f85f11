/** Coordinates behind a stage's name: `[width=512,seed=0]`. What is written here, a selector reads. */
import type { Coordinates } from "../stage/coordinates.ts"
import { coordinatesText } from "../words/coordinate-text.ts"

/** "" for a stage without a matrix. */
export const formatCoordinates = (at: Coordinates): string => {
  const text = coordinatesText(at)
  return text === "" ? "" : `[${text}]`
}
