/** How coordinates are written: `[width=512,seed=0]`. What is written here, a selector reads. */
import { canonicalJson } from "../json/canonical-json.ts"
import type { Json } from "../json/canonical-json.ts"
import type { Coordinates } from "../stage/coordinates.ts"

/** A string stands bare where it cannot be taken for anything else. */
export const formatCoordinate = (value: Json): string =>
  typeof value === "string" && /^[^\s,=[\]{}"']+$/.test(value) ? value : canonicalJson(value)

/** "" for a stage without a matrix. */
export const formatCoordinates = (at: Coordinates): string => {
  const entries = Object.entries(at)
  return entries.length === 0
    ? ""
    : `[${entries.map(([axis, value]) => `${axis}=${formatCoordinate(value)}`).join(",")}]`
}
