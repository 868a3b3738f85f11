/**
 * AbsTopK: the k of each row that are largest in magnitude, with their signs (arXiv 2510.00404; SAELens `abstopk`,
 * sparsify `signed`). Activations may be below zero. `rescale` as in `topk.ts`.
 */
import { type Floats, kProblem, kRefused, type LatentType } from "./latent-type.ts"
import { normsRefusal } from "./topk.ts"
import { plainParts, shifted, withoutNorms } from "./rescaled.ts"

export interface AbsTopkLatents {
  readonly type: "abstopk"
  readonly b_enc: Floats
  readonly k: number
  readonly rescale: boolean
}

/** f = the k of each row largest in |z|, as they are */
export interface AbsTopkActivation {
  readonly type: "abstopk"
  readonly k: number
}

export const abstopk: LatentType<AbsTopkLatents, AbsTopkActivation> = {
  type: "abstopk",
  arrays: ["b_enc"],
  activations: "signed",
  problem: ({ k }, d_sae) => kProblem(k, d_sae),
  encode: ({ strongest }, { k }) => strongest(k),
  ofActivation: ({ k }, { b_enc }) => ({ type: "abstopk", b_enc, k, rescale: false }),
  activation: ({ k }) => ({ type: "abstopk", k }),
  computable: (latents, matrices) => ({
    activation: { type: "abstopk", k: latents.k },
    b_enc: latents.b_enc,
    ...plainParts(latents, matrices)
  }),
  shifted,
  withoutNorms,
  saelens: {
    names: { sae: "abstopk" },
    keys: ["k", "rescale_acts_by_decoder_norm"],
    read: ({ k, rescale_acts_by_decoder_norm: rescale }, _, d_sae) =>
      kRefused(k, d_sae) ?? { k: k as number, rescale: rescale === true },
    write: ({ k, rescale }) => ({ config: { k, rescale_acts_by_decoder_norm: rescale } })
  },
  sparsify: {
    activation: "topk",
    signed: true,
    read: (k) => ({ k, rescale: false }),
    write: ({ k, rescale }) => (rescale ? normsRefusal("sparsify") : k)
  }
}
