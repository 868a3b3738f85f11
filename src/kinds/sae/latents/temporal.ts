/**
 * Temporal SAEs (arXiv 2511.01836; SAELens `temporal_sae.py`): attention over the codes of the tokens before predicts a part
 * of each row, and the latents that count are those of what it leaves. Rows are those of one context, in order, so
 * nothing that takes rows one by one can use it.
 *
 * With lambda = 1 / (4 d_in) and r = the row: for each layer z = relu(lambda r W_enc); p = relu(attention of z over the z of
 * the tokens before), causal, its first place zeros; r and the predicted codes move by the projection of r on p W_dec. Then
 * f = the k largest of relu(lambda r W_enc), or all of it. The output is (f + predicted) W_dec, and b_dec where the encoder
 * is not tied or b_dec is subtracted from the input.
 */
import type * as Tf from "@tensorflow/tfjs-core"
import { type Encoding, type Floats, type Json, kProblem, kRefused, type LatentType } from "./latent-type.ts"
import { showGiven } from "../../../words/show-given.ts"
import { cannotRead } from "./sae-refused.ts"

/** Projections of one attention layer, as PyTorch's linear layers hold them: weight [out, in], bias [out]. */
export type AttentionLayer = Readonly<Record<string, Floats>>

export interface TemporalLatents {
  readonly type: "temporal"
  /** Null: all of relu. */
  readonly k: number | null
  readonly n_heads: number
  readonly bottleneck_factor: number
  /** Whether the encoder is the decoder transposed. */
  readonly tied: boolean
  readonly layers: ReadonlyArray<AttentionLayer>
}

export type TemporalActivation = TemporalLatents

const epsilon = 1e-6

/** The layers of attention on a context: [rows, d_sae] each; `before` is `here` a token later. */
const attend = (
  tf: typeof Tf,
  layer: AttentionLayer,
  { n_heads, bottleneck_factor }: TemporalLatents,
  here: Tf.Tensor2D,
  before: Tf.Tensor2D
): Tf.Tensor2D => {
  const [rows, d_sae] = here.shape
  const narrow = d_sae / bottleneck_factor
  const project = (x: Tf.Tensor2D, name: string, width: number): Tf.Tensor2D =>
    tf.add(
      tf.matMul(x, tf.tensor2d(layer[`${name}.weight`] as Floats, [width, d_sae]), false, true),
      tf.tensor1d(layer[`${name}.bias`] as Floats)
    )
  const heads = (x: Tf.Tensor2D, width: number): Tf.Tensor3D =>
    tf.transpose(tf.reshape(x, [rows, n_heads, width / n_heads]), [1, 0, 2])
  const [q, k, v] = [
    heads(project(here, "q_target", narrow), narrow),
    heads(project(before, "k_ctx", narrow), narrow),
    heads(project(before, "v_ctx", d_sae), d_sae)
  ]
  const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(narrow / n_heads))
  const later = tf.tensor2d(
    Float32Array.from({ length: rows * rows }, (_, i) => (i % rows > Math.floor(i / rows) ? -1e30 : 0)),
    [rows, rows]
  )
  const mixed = tf.matMul<Tf.Tensor3D>(tf.softmax(tf.add(scores, later)), v)
  return project(tf.reshape(tf.transpose(mixed, [1, 0, 2]), [rows, d_sae]), "c_proj", d_sae)
}

/** What attention leaves of each row, times lambda, and the part of the output that it predicts: [rows, d_in] each. */
const predict = ({ tf, rows: input, W_enc_T, W_dec }: Encoding, latents: TemporalLatents) => {
  let residual = input()
  const lambda = 1 / (4 * residual.shape[1])
  let predicted = tf.zerosLike(residual)
  for (const layer of latents.layers) {
    const here = tf.relu(tf.matMul(tf.mul<Tf.Tensor2D>(residual, lambda), W_enc_T, false, true)) as Tf.Tensor2D
    const rows = here.shape[0]
    const before = tf.concat([tf.zeros<Tf.Rank.R2>([1, here.shape[1]]), tf.slice(here, [0, 0], [rows - 1, -1])], 0)
    const codes = tf.relu(attend(tf, layer, latents, here, before)) as Tf.Tensor2D
    const product = tf.matMul(codes, W_dec) as Tf.Tensor2D
    const norm = tf.add(tf.norm(product, 2, 1, true), epsilon)
    const share = tf.div(tf.sum(tf.mul(product, residual), 1, true), tf.square(norm))
    const moved = tf.mul<Tf.Tensor2D>(product, share)
    predicted = tf.add(predicted, moved)
    residual = tf.sub(residual, moved)
  }
  return { predicted, left: tf.mul<Tf.Tensor2D>(residual, lambda) }
}

const projections = { k_ctx: "narrow", q_target: "narrow", v_ctx: "wide", c_proj: "wide" } as const

const shapesOf = (layers: number, narrow: number, d_sae: number): Readonly<Record<string, ReadonlyArray<number>>> =>
  Object.fromEntries(
    Array.from({ length: layers }, (_, i) => i).flatMap((i) =>
      Object.entries(projections).flatMap(([name, width]) => {
        const out = width === "narrow" ? narrow : d_sae
        return [
          [`attn_layers.${i}.${name}.weight`, [out, d_sae]],
          [`attn_layers.${i}.${name}.bias`, [out]]
        ]
      })
    )
  )

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/** The layers' arrays out of those of a file, by their names there. */
const layersOf = (count: number, arrays: Readonly<Record<string, Floats>>): ReadonlyArray<AttentionLayer> =>
  Array.from({ length: count }, (_, i) => {
    const prefix = `attn_layers.${i}.`
    return Object.fromEntries(
      Object.entries(arrays).flatMap(([name, values]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), values]] : []
      )
    )
  })

const layerCount = ({ n_attn_layers: count = 1 }: Json): number | undefined => (isCount(count) ? count : undefined)

export const temporal: LatentType<TemporalLatents, TemporalActivation> = {
  type: "temporal",
  arrays: [],
  activations: "context",
  problem: ({ k }, d_sae) => (k === null ? undefined : kProblem(k, d_sae)),
  encode: (encoding, latents) => {
    const { left } = predict(encoding, latents)
    return latents.k === null ? encoding.above(0, left) : encoding.largest(latents.k, left)
  },
  predicted: (encoding, latents) => predict(encoding, latents).predicted,
  ofActivation: (latents) => latents,
  activation: (fields) => ({ ...fields, layers: [] }),
  computable: (latents, { d_sae, b_dec, apply_b_dec_to_input }) => ({
    activation: latents,
    b_enc: new Float32Array(d_sae),
    b_dec: latents.tied && !apply_b_dec_to_input ? new Float32Array(b_dec.length) : b_dec
  }),
  tensors: ({ layers, bottleneck_factor }, d_sae) => {
    const shapes = shapesOf(layers.length, d_sae / bottleneck_factor, d_sae)
    return layers.flatMap((layer, i) =>
      Object.entries(layer).map(([name, values]) => {
        const full = `attn_layers.${i}.${name}`
        return [full, values, shapes[full] as ReadonlyArray<number>] as const
      })
    )
  },
  saelens: {
    names: { sae: "temporal" },
    keys: [
      "n_heads",
      "n_attn_layers",
      "bottleneck_factor",
      "sae_diff_type",
      "kval_topk",
      "tied_weights",
      "activation_normalization_factor"
    ],
    tied: ({ tied_weights: tied = true }) => tied === true,
    shapes: (config, d_sae) =>
      shapesOf(layerCount(config) ?? 0, d_sae / Number(config["bottleneck_factor"] ?? 64), d_sae),
    read: (config, _, d_sae, arrays = {}) => {
      const { n_heads = 8, bottleneck_factor = 64, sae_diff_type: type = "topk", kval_topk: k = null } = config
      const count = layerCount(config)
      if (count === undefined)
        return cannotRead(`n_attn_layers is ${showGiven(config["n_attn_layers"])}, not a whole number above 0`)
      if (!isCount(n_heads) || !isCount(bottleneck_factor) || d_sae % (n_heads * bottleneck_factor) !== 0) {
        return cannotRead(
          `${d_sae} latents cannot be divided into ${showGiven(n_heads)} heads and by the bottleneck_factor ${showGiven(bottleneck_factor)}`
        )
      }
      if (type !== "topk" && type !== "relu")
        return cannotRead(`sae_diff_type is ${showGiven(type)}; topk and relu can be read`)
      const chosen = type === "topk" && k !== null ? k : null
      const badK = chosen === null ? undefined : kRefused(chosen, d_sae)
      return (
        badK ?? {
          k: chosen as number | null,
          n_heads,
          bottleneck_factor,
          tied: (config["tied_weights"] ?? true) === true,
          layers: layersOf(count, arrays)
        }
      )
    },
    write: ({ k, n_heads, bottleneck_factor, tied, layers }) => ({
      config: {
        n_heads,
        n_attn_layers: layers.length,
        bottleneck_factor,
        sae_diff_type: k === null ? "relu" : "topk",
        kval_topk: k,
        tied_weights: tied
      }
    })
  }
}
