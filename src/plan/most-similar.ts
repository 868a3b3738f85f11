/** Earlier results of the same kind with the most similar parameters: what they took tells what a stage may take. */
import { canonicalJson, type Json } from "../json/canonical-json.ts"

export interface Parametrized {
  readonly kind: string
  readonly params: Readonly<Record<string, Json>>
}

/** Twice as many tokens are nearer than another architecture: numbers differ by the logarithm of their ratio, all else by 1. */
const difference = (a: Json | undefined, b: Json | undefined): number => {
  if (a === undefined || b === undefined) return a === b ? 0 : 1
  if (typeof a === "number" && typeof b === "number" && a > 0 && b > 0) return Math.min(1, Math.abs(Math.log(a / b)))
  return canonicalJson(a) === canonicalJson(b) ? 0 : 1
}

export interface MostSimilar<A> {
  /** 0: the parameters are the same. */
  readonly distance: number
  /** Empty where nothing of the kind is known. */
  readonly results: ReadonlyArray<A>
}

export const mostSimilar = <A extends Parametrized>(
  { kind, params }: Parametrized,
  known: ReadonlyArray<A>
): MostSimilar<A> => {
  const alike = known.filter((result) => result.kind === kind)
  const distances = alike.map((result) => {
    const names = new Set([...Object.keys(params), ...Object.keys(result.params)])
    return [...names].reduce((sum, name) => sum + difference(params[name], result.params[name]), 0)
  })
  const distance = Math.min(...distances)
  return { distance, results: alike.filter((_, i) => distances[i] === distance) }
}
