/**
 * TopK: the k largest of relu(z + b_enc) of each row (Gao et al. 2024, arXiv 2406.04093).
 *
 * With `rescale` the choice and f are of z |w_dec|, and the decoder divides by |w_dec| (SAELens
 * `rescale_acts_by_decoder_norm`); it is a plain TopK whose decoder rows have norm one and whose encoder is scaled by them.
 */
import { type Floats, kProblem, kRefused, type LatentType } from "./latent-type.ts"
import { plainParts, shifted, withoutNorms } from "./rescaled.ts"
import { cannotRead, cannotWrite, type SaeRefused } from "./sae-refused.ts"

export interface TopkLatents {
  readonly type: "topk"
  readonly b_enc: Floats
  readonly k: number
  readonly rescale: boolean
  /** What dictionary_learning keeps beside k for its other mode of use; null where there is none or it was never set. */
  readonly threshold: number | null
}

/** f = the k largest of relu(z) of each row */
export interface TopkActivation {
  readonly type: "topk"
  readonly k: number
}

export const normsRefusal = (library: string): SaeRefused =>
  cannotWrite(
    `${library} does not rescale activations by decoder norms; they can be folded into the weights (--fold), up to rounding`
  )

export const topk: LatentType<TopkLatents, TopkActivation> = {
  type: "topk",
  arrays: ["b_enc"],
  activations: "chosen",
  problem: ({ k }, d_sae) => kProblem(k, d_sae),
  encode: ({ largest }, { k }) => largest(k),
  ofActivation: ({ k }, { b_enc }) => ({ type: "topk", b_enc, k, rescale: false, threshold: null }),
  activation: ({ k }) => ({ type: "topk", k }),
  computable: (latents, matrices) => ({
    activation: { type: "topk", k: latents.k },
    b_enc: latents.b_enc,
    ...plainParts(latents, matrices)
  }),
  shifted,
  withoutNorms,
  saelens: {
    names: { sae: "topk" },
    keys: ["k", "rescale_acts_by_decoder_norm"],
    read: ({ k, rescale_acts_by_decoder_norm: rescale }, metadata, d_sae) => {
      const { topk_threshold: threshold } = metadata
      return (
        kRefused(k, d_sae) ?? {
          k: k as number,
          rescale: rescale === true,
          threshold: typeof threshold === "number" && Number.isFinite(threshold) ? threshold : null
        }
      )
    },
    write: ({ k, rescale, threshold }) => ({
      config: { k, rescale_acts_by_decoder_norm: rescale },
      ...(threshold === null ? {} : { metadata: { topk_threshold: threshold } })
    })
  },
  dictionary_learning: [
    {
      name: "AutoEncoderTopK",
      tensors: ["b_dec", "k", "threshold", "decoder.weight", "encoder.weight", "encoder.bias"],
      optional: ["k", "threshold"],
      b_dec: "b_dec",
      arrays: { b_enc: "encoder.bias" },
      subtracts_b_dec: true,
      read: ({ k, threshold }) =>
        typeof k === "number"
          ? { k, rescale: false, threshold: threshold ?? null }
          : cannotRead("neither it nor config.json states k"),
      write: ({ k, rescale, threshold }) => (rescale ? normsRefusal("AutoEncoderTopK") : { k, threshold })
    }
  ],
  sparsify: {
    activation: "topk",
    signed: false,
    read: (k) => ({ k, rescale: false, threshold: null }),
    write: ({ k, rescale, threshold }) =>
      rescale
        ? normsRefusal("sparsify")
        : threshold === null
          ? k
          : cannotWrite("sparsify has no place for the threshold that this TopK SAE keeps beside k")
  },
  openai: {
    activation: "TopK",
    read: (k) =>
      k === undefined ? cannotRead("its TopK activation states no k") : { k, rescale: false, threshold: null },
    write: ({ k, rescale, threshold }) =>
      rescale
        ? normsRefusal("OpenAI's format")
        : threshold === null
          ? { k }
          : cannotWrite("OpenAI's format has no place for a TopK threshold")
  }
}
