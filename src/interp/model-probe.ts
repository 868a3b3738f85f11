/** Answers prompts with the language model and the SAE: real forward passes, batched. */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "../model/run-model.ts"
import { runModel } from "../model/run-model.ts"
import { encodeRows } from "../sae/sae-model.ts"
import type { SparseCodes } from "../tensor/kernels/sparse-pattern.ts"
import type { LatentEncoder } from "./dictionary.ts"
import type { LatentProbe } from "./latent-probe.ts"

/** Numbers in the widest activation of one forward pass, so that it stays below 32 MiB. */
const widest = 2 ** 23

/** The value of one latent in one row; latents are ascending within a row. */
const valueAt = (codes: SparseCodes, values: Float32Array, row: number, latent: number): number => {
  for (let i = codes.rowStart[row] as number; i < (codes.rowStart[row + 1] as number); i++) {
    if (codes.latent[i] === latent) return values[i] as number
  }
  return 0
}

export interface ProbeOptions {
  /** What the encoder reads, one after the other. */
  readonly hooks: ReadonlyArray<string>
  /** Put in front of every prompt, as in the text that the SAE was trained on; null: nothing. */
  readonly bos: number | null
}

/** The last position's activation at a hook, [batch, width]. */
const lastActivation = (activation: tf.Tensor): tf.Tensor2D => {
  const [batch, time, ...shape] = activation.shape as [number, number, ...Array<number>]
  const width = shape.reduce((a, b) => a * b, 1)
  return tf.reshape(tf.slice(tf.reshape(activation, [batch, time, width]), [0, time - 1, 0], [batch, 1, width]), [
    batch,
    width
  ])
}

/** Synchronous; both models stay the caller's. */
export const makeLatentProbe = (
  model: RunnableModel,
  sae: LatentEncoder,
  { hooks, bos }: ProbeOptions
): LatentProbe => {
  const leading = bos === null ? 0 : 1
  return (prompts, length, latents) => {
    const time = length + leading
    const n = latents.length
    const result = new Float32Array(n)
    const size = Math.max(1, Math.min(encodeRows(sae.d_sae), Math.floor(widest / (model.info.d_mlp * time))))
    for (let first = 0; first < n; first += size) {
      const batch = Math.min(size, n - first)
      const ids = new Int32Array(batch * time)
      for (let i = 0; i < batch; i++) {
        if (bos !== null) ids[i * time] = bos
        ids.set(prompts.subarray((first + i) * length, (first + i + 1) * length), i * time + leading)
      }
      tf.tidy(() => {
        const { activations } = runModel(model, { ids, batch, time }, { hooks })
        const rows = hooks.map((hook) => lastActivation(activations[hook] as tf.Tensor))
        const codes = sae.encode(rows.length === 1 ? (rows[0] as tf.Tensor2D) : tf.concat(rows, 1))
        const values = codes.value.dataSync<"float32">()
        for (let i = 0; i < batch; i++) result[first + i] = valueAt(codes, values, i, latents[first + i] as number)
        // Kept by the forward pass and by the kernel, so no tidy frees them.
        tf.dispose([activations, codes.value])
      })
    }
    return result
  }
}
