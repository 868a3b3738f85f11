/** How long each latent has not fired. */
import type { SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"

const longest = 2 ** 31 - 1

export interface SilentLatents {
  /** Counts a batch's rows; the latents of pairs with an activation other than zero have fired. @returns the number of those pairs */
  readonly count: (rows: number, pattern: SparsePattern, activations: Float32Array) => number
  /** The latents that were silent for N rows or more, ascending. */
  readonly since: (rows: number) => Int32Array
  /** These count as if they had just fired. */
  readonly forget: (latents: ReadonlyArray<number>) => void
  /** Rows since each latent last fired. */
  readonly exportState: () => Int32Array
  readonly restoreState: (state: Int32Array) => void
}

export const makeSilentLatents = (d_sae: number): SilentLatents => {
  const silent = new Int32Array(d_sae)
  return {
    count: (rows, pattern, activations) => {
      for (let j = 0; j < d_sae; j++) silent[j] = Math.min(longest, (silent[j] as number) + rows)
      let active = 0
      for (let i = 0; i < activations.length; i++) {
        if (activations[i] === 0) continue
        active += 1
        silent[pattern.latent[i] as number] = 0
      }
      return active
    },
    since: (rows) => {
      const result: Array<number> = []
      for (let j = 0; j < d_sae; j++) if ((silent[j] as number) >= rows) result.push(j)
      return Int32Array.from(result)
    },
    forget: (latents) => {
      for (const j of latents) silent[j] = 0
    },
    exportState: () => silent.slice(),
    restoreState: (state) => silent.set(state)
  }
}
