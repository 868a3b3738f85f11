/** The control of ablations: as many latents, drawn at random from those that fire on any training text. */
import { meanInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import type { ClassTexts } from "./class-texts.ts"

/** Draws that a control is the mean of; an interval over documents says nothing of them. */
export const controlDraws = 20

/** Ascending. */
const firingLatents = (classes: ReadonlyArray<ClassTexts>): ReadonlyArray<number> => {
  const found = new Set<number>()
  for (const { codes, text } of classes.flatMap(({ train }) => train)) {
    for (let i = codes.offsets[text]!; i < codes.offsets[text + 1]!; i++) found.add(codes.latents[i]!)
  }
  return [...found].toSorted((a, b) => a - b)
}

/** Draws n latents, other ones at each call; all that fire, where those are fewer. */
export const randomLatents = (
  classes: ReadonlyArray<ClassTexts>,
  seed: number
): ((n: number) => ReadonlyArray<number>) => {
  const fires = firingLatents(classes)
  const rng = Rng.make(seed, "latents at random")
  return (n) => Array.from(rng.permutation(fires.length).subarray(0, n), (place) => fires[place]!)
}

/** The mean of a control over its draws of latents, with its interval over them. */
export const overDraws = (name: string, values: ReadonlyArray<number>) => ({
  name,
  mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  interval: meanInterval(values, Rng.make(0, `intervals of ${name}`))
})
