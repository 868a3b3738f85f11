/** What is computed with, and what is known of an SAE, whatever file it came from. */

import type { SaeActivation } from "../latents/latents.ts"

export type { SaeActivation } from "../latents/latents.ts"

/** All that is needed to compute with an SAE. Arrays are row-major and f32 whatever the file holds. */
export interface SaeWeights {
  readonly d_in: number
  readonly d_sae: number
  readonly activation: SaeActivation
  /** Whether b_dec is subtracted from the input. */
  readonly apply_b_dec_to_input: boolean
  /** [d_in, d_sae] */
  readonly W_enc: Float32Array<ArrayBuffer>
  /** [d_sae, d_in] */
  readonly W_dec: Float32Array<ArrayBuffer>
  /** [d_sae] */
  readonly b_enc: Float32Array<ArrayBuffer>
  /** [d_in] */
  readonly b_dec: Float32Array<ArrayBuffer>
  /** [d_sae], present where `activation.type` is `jumprelu`. */
  readonly threshold: Float32Array<ArrayBuffer> | undefined
  /** Only where the output is another activation: its width. Then W_dec is [d_sae, d_out], b_dec [d_out]. */
  readonly transcoder?: { readonly d_out: number }
  /** What is done to every row before the encoder and undone after the decoder; see `StoredSae.normalize`. */
  readonly normalize?: "constant_norm_rescale" | "layer_norm" | "constant_scalar_rescale"
  /** What every row is multiplied by, with `constant_scalar_rescale`. */
  readonly input_scale?: number
  /** [d_out, d_in]: x W_skip^T is added to the output. */
  readonly W_skip?: Float32Array<ArrayBuffer>
}

export interface SaeInfo {
  /** As trained: `topk`, `batch_topk`, ...; for an SAE from elsewhere, what its cfg.json says. */
  readonly architecture: string
  readonly activation: SaeActivation
  readonly d_in: number
  readonly d_sae: number
  /** Latents per row that it was trained for; null where the architecture has none. */
  readonly k: number | null
  /** Null where unknown: an SAE of decoder directions (meta-SAE), or one from elsewhere. */
  readonly hook: string | null
  /** Digests of the artifacts that it was trained on; null where unknown. */
  readonly model: string | null
  readonly activations: string | null
  /** What its rows are: `activations`, `decoder`. */
  readonly rows: string
  /** Options and outcome of the training; null for an SAE from elsewhere. */
  readonly training: Readonly<Record<string, unknown>> | null
}
