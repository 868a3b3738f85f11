/** Histogram of log10 firing frequencies: how most papers show the latents of an SAE. */

/** Bins per factor of ten. */
const binsPerDecade = 4
/** Frequencies below this (one in ten million) fall into the first bin. */
const lowest = -7

export interface DensityHistogram {
  /** log10 of the frequency: bin i is [edges[i], edges[i + 1]), the last one with its end. */
  readonly edges: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
}

/** Latents that never fire are in no bin. */
export const densityHistogram = (density: ArrayLike<number>): DensityHistogram => {
  const bins = -lowest * binsPerDecade
  const counts = Array.from({ length: bins }, () => 0)
  for (let j = 0; j < density.length; j++) {
    const frequency = density[j] as number
    if (!(frequency > 0)) continue
    const bin = Math.floor((Math.log10(frequency) - lowest) * binsPerDecade)
    const at = Math.min(bins - 1, Math.max(0, bin))
    counts[at] = (counts[at] as number) + 1
  }
  return { edges: Array.from({ length: bins + 1 }, (_, i) => lowest + i / binsPerDecade), counts }
}
