/** The path from a small SAE to a large one as the page has it: in which step each latent of either goes in or out. */
import type { StitchingFile } from "../../kinds/stitching.ts"
import type { Placed, Subject } from "../page/subjects.ts"

export interface StitchedData {
  /** Indexes in `subjects`. */
  readonly small: number
  readonly large: number
  /** Of each step. */
  readonly phases: ReadonlyArray<string>
  /** Step that removes each latent of the small SAE, and that adds each of the large one; -1: none does. */
  readonly out: ReadonlyArray<number>
  readonly in: ReadonlyArray<number>
}

/** The SAE with that digest, else the only one of that size; -1 where there is none or several. */
export const placeOf = ({ digest, d_sae }: StitchingFile["small"], subjects: ReadonlyArray<Subject>): number => {
  if (digest !== undefined) return subjects.findIndex((subject) => subject.digest === digest)
  const fitting = subjects.flatMap((subject, i) => (subject.d_sae === d_sae ? [i] : []))
  return fitting.length === 1 ? (fitting[0] as number) : -1
}

const steps = (size: number, latentsOf: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const of = Array.from({ length: size }, () => -1)
  for (const [step, latents] of latentsOf.entries()) for (const latent of latents) of[latent] = step
  return of
}

/** Without stitchings of SAEs that the page does not show. */
export const stitchedData = (
  stitchings: ReadonlyArray<Placed<StitchingFile>>,
  subjects: ReadonlyArray<Subject>
): ReadonlyArray<StitchedData> =>
  stitchings.flatMap(({ value: { small, large, path } }) => {
    const [from, to] = [placeOf(small, subjects), placeOf(large, subjects)]
    if (from < 0 || to < 0) return []
    return [
      {
        small: from,
        large: to,
        phases: path.map(({ phase }) => phase),
        out: steps(
          small.d_sae,
          path.map(({ removed }) => removed)
        ),
        in: steps(
          large.d_sae,
          path.map(({ added }) => added)
        )
      }
    ]
  })
