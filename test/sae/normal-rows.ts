/** Standard normal numbers from a seed. */
import * as Rng from "../../src/random/rng.ts"

export const normalRows = (seed: number, length: number): Float32Array => {
  const rng = Rng.make(seed, "normal rows")
  return Float32Array.from({ length }, () => rng.normal())
}
