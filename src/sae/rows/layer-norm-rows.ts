/** Rows each brought to mean 0 and deviation 1: (x - mean) / (deviation + 1e-5), the deviation with ddof 1. */
import type { RowSource } from "../../activations/row-source.ts"

/** Source: openai/sparse_autoencoder `LN`, SAELens `run_time_activation_ln_in`. */
export const layerNormRows = (source: RowSource): RowSource => ({
  ...source,
  gather: (indices, into) => {
    source.gather(indices, into)
    const { d_in } = source
    for (let start = 0; start < indices.length * d_in; start += d_in) {
      const row = into.subarray(start, start + d_in)
      let sum = 0
      for (const x of row) sum += x
      const mean = sum / d_in
      let square = 0
      for (const x of row) square += (x - mean) ** 2
      const deviation = Math.sqrt(square / (d_in - 1)) + 1e-5
      for (let c = 0; c < d_in; c++) row[c] = ((row[c] as number) - mean) / deviation
    }
  }
})
