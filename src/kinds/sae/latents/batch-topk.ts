/**
 * BatchTopK in use: JumpReLU with one threshold for all (Bussmann, Leask and Nanda 2024, arXiv 2412.06410). SAELens saves
 * it as JumpReLU, and its metadata say what it was trained as.
 */
import { added, type DictClass, type Floats, type Json, type LatentType } from "./latent-type.ts"
import type { JumpReluActivation } from "./jumprelu.ts"
import { cannotCompute, cannotWrite } from "./sae-refused.ts"

export interface BatchTopkLatents {
  readonly type: "batch_topk"
  readonly b_enc: Floats
  /** What it was trained for, a mean over rows that need not be whole; null where unknown. */
  readonly k: number | null
  /** Null: it was never set, so there is no way to use it. */
  readonly threshold: number | null
  /** Sizes of the Matryoshka groups, or null. */
  readonly groups: ReadonlyArray<number> | null
}

const thresholdUnset =
  "its BatchTopK threshold was never set (-1): training ended before its first update, so it cannot be used row by row"

/** Sizes of the groups from the widths of the prefixes; null where they are no rising list that ends at d_sae. */
const groupsOf = (widths: unknown, d_sae: number): ReadonlyArray<number> | null => {
  if (!Array.isArray(widths) || !widths.every(Number.isInteger)) return null
  const all = (widths.at(-1) === d_sae ? widths : [...widths, d_sae]) as ReadonlyArray<number>
  const groups = all.map((width, g) => width - (g === 0 ? 0 : (all[g - 1] as number)))
  return groups.every((n) => n > 0) ? groups : null
}

const widthsOf = (groups: ReadonlyArray<number>): ReadonlyArray<number> =>
  groups.map((_, g) => groups.slice(0, g + 1).reduce((a, b) => a + b, 0))

const detailsOf = (metadata: Json): Json => {
  const details = metadata["training_architecture_details"]
  return typeof details === "object" && details !== null ? (details as Json) : {}
}

const written = (dictClass: string, { k, threshold, groups }: BatchTopkLatents) =>
  k === null
    ? cannotWrite(`${dictClass} states the k that it was trained for, and here it is not known`)
    : Number.isInteger(k)
      ? { k, threshold, ...(groups === null ? {} : { group_sizes: groups }) }
      : cannotWrite(`${dictClass} states a whole k, this one is ${k}`)

const dictClass = (
  name: string,
  tensors: ReadonlyArray<string>,
  b_enc: string,
  grouped: boolean
): DictClass<BatchTopkLatents> => ({
  name,
  tensors,
  optional: ["k", "threshold"],
  b_dec: "b_dec",
  arrays: { b_enc },
  subtracts_b_dec: true,
  read: ({ k, threshold, group_sizes }) => ({
    k: k ?? null,
    threshold: threshold ?? null,
    groups: group_sizes ?? null
  }),
  is: ({ groups }) => (groups !== null) === grouped,
  write: (latents) => written(name, latents)
})

export const batchTopk: LatentType<BatchTopkLatents, JumpReluActivation> = {
  type: "batch_topk",
  arrays: ["b_enc"],
  activations: "independent",
  problem: ({ k, groups }, d_sae) => {
    if (k !== null && !(k > 0 && k <= d_sae)) {
      return `k is ${k}; an SAE of ${d_sae} latents needs a number above 0 and up to that`
    }
    if (groups === null) return undefined
    const sum = groups.reduce((total, n) => total + n, 0)
    return sum !== d_sae || groups.some((n) => !(n > 0))
      ? `its groups of ${groups.join(", ")} latents do not make up ${d_sae}`
      : undefined
  },
  activation: () => ({ type: "jumprelu" }),
  computable: ({ b_enc, threshold }, { d_sae }) =>
    threshold === null
      ? cannotCompute(thresholdUnset)
      : { activation: { type: "jumprelu" }, b_enc, threshold: new Float32Array(d_sae).fill(threshold) },
  shifted: (latents, shift) => ({ ...latents, b_enc: added(latents.b_enc, shift) }),
  rounded: (latents, round) => ({
    ...latents,
    threshold: latents.threshold === null ? null : round(latents.threshold)
  }),
  thresholds: ({ b_enc, threshold }, d_sae) =>
    threshold === null
      ? cannotWrite("its BatchTopK threshold was never set (-1), and the format is its thresholds")
      : { b_enc, threshold: new Float32Array(d_sae).fill(threshold) },
  saelens: {
    names: { sae: "jumprelu", transcoder: "jumprelu_transcoder", skip_transcoder: "jumprelu_skip_transcoder" },
    claims: ({ training_architecture: trained }, { threshold }) =>
      (trained === "batchtopk" || trained === "matryoshka_batchtopk") &&
      threshold !== undefined &&
      threshold.every((x) => x === threshold[0]),
    read: (_, metadata, d_sae, arrays) => {
      const { k, matryoshka_widths: widths } = detailsOf(metadata)
      return {
        k: typeof k === "number" && k > 0 && k <= d_sae ? k : null,
        threshold: arrays?.["threshold"]?.[0] ?? null,
        groups: metadata["training_architecture"] === "matryoshka_batchtopk" ? groupsOf(widths, d_sae) : null
      }
    },
    write: ({ k, threshold, groups }, d_sae) =>
      threshold === null
        ? cannotWrite("its BatchTopK threshold was never set (-1), and SAELens saves BatchTopK with its threshold")
        : {
            arrays: { threshold: new Float32Array(d_sae).fill(threshold) },
            metadata: {
              training_architecture: groups === null ? "batchtopk" : "matryoshka_batchtopk",
              training_architecture_details: {
                ...(k === null ? {} : { k }),
                ...(groups === null ? {} : { matryoshka_widths: widthsOf(groups) })
              }
            }
          }
  },
  dictionary_learning: [
    dictClass(
      "BatchTopKSAE",
      ["b_dec", "k", "threshold", "decoder.weight", "encoder.weight", "encoder.bias"],
      "encoder.bias",
      false
    ),
    dictClass(
      "MatryoshkaBatchTopKSAE",
      ["W_enc", "b_enc", "W_dec", "b_dec", "k", "threshold", "group_sizes"],
      "b_enc",
      true
    )
  ]
}
