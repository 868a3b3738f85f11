/** How long a stage may take, told by what the same kind took before with the most similar parameters. */
import { canonicalJson, type Json } from "../json/canonical-json.ts"

/** A result of earlier: of which kind, from which parameters, how long it took. */
export interface Timing {
  readonly kind: string
  readonly params: Readonly<Record<string, Json>>
  readonly seconds: number
}

/** Twice as many tokens are nearer than another architecture: numbers differ by the logarithm of their ratio, all else by 1. */
const distance = (a: Json | undefined, b: Json | undefined): number => {
  if (a === undefined || b === undefined) return a === b ? 0 : 1
  if (typeof a === "number" && typeof b === "number" && a > 0 && b > 0) return Math.min(1, Math.abs(Math.log(a / b)))
  return canonicalJson(a) === canonicalJson(b) ? 0 : 1
}

/**
 * Of equally similar ones the middle one.
 *
 * @returns undefined: nothing of the kind is known
 */
export const estimateSeconds = (
  { kind, params }: Omit<Timing, "seconds">,
  known: ReadonlyArray<Timing>
): number | undefined => {
  const alike = known.filter((timing) => timing.kind === kind)
  const distances = alike.map((timing) => {
    const names = new Set([...Object.keys(params), ...Object.keys(timing.params)])
    return [...names].reduce((sum, name) => sum + distance(params[name], timing.params[name]), 0)
  })
  const least = Math.min(...distances)
  const nearest = alike.filter((_, i) => distances[i] === least).map(({ seconds }) => seconds)
  return nearest.toSorted((a, b) => a - b)[Math.floor(nearest.length / 2)]
}
