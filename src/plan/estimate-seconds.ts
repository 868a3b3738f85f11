/** How long a stage may take, told by what the same kind took before with the most similar parameters. */
import { mostSimilar, type Parametrized } from "./most-similar.ts"

/** A result of earlier, and how long it took. */
export interface Timing extends Parametrized {
  readonly seconds: number
}

/**
 * Of equally similar ones the middle one.
 *
 * @returns undefined: nothing of the kind is known
 */
export const estimateSeconds = (stage: Parametrized, known: ReadonlyArray<Timing>): number | undefined => {
  const nearest = mostSimilar(stage, known).results.map(({ seconds }) => seconds)
  return nearest.toSorted((a, b) => a - b)[Math.floor(nearest.length / 2)]
}
