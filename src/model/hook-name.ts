/**
 * Hook points: named places of the forward pass, with TransformerLens's names.
 *
 *     hook_embed
 *     blocks.L.hook_resid_pre | hook_attn_out | hook_resid_mid | hook_mlp_out | hook_resid_post
 *     blocks.L.attn.hook_q | hook_k | hook_v | hook_pattern | hook_z
 *     blocks.L.mlp.hook_in | hook_pre | hook_post
 *     blocks.L.ln1.hook_scale | ln1_post.hook_scale | ln2.hook_scale | ln2_post.hook_scale
 *     blocks.L.mlp.hook_router_logits | hook_expert_indices | hook_expert_weights | shared_expert.hook_pre | ...
 *     blocks.L.linear_attn.hook_q | hook_k | hook_v | hook_beta | hook_log_decay | hook_recurrence_out
 *     ln_final.hook_scale | ln_final.hook_normalized
 *
 * Which of them a block has follows from its parts. Values are those of the Hugging Face model: nothing is folded into the
 * weights. `hook_embed` is before positions are added and after Gemma's scale; `hook_q` and `hook_k` are the projections, before
 * their normalisation and rotation; `hook_z` is before a gate, where there is one; `hook_attn_out` and `hook_mlp_out` are what
 * attention and MLP add to the residual stream, after a normalisation or a multiplier of their own, so that
 * resid_pre + attn_out = resid_mid in every model; `mlp.hook_in` is what the MLP reads, after its normalisation (circuit-tracer's
 * name); `hook_scale` is what a normalisation divides by; `mlp.hook_pre` is the gate where the MLP is gated. Where attention and MLP
 * work side by side (GPT-NeoX with parallel residuals) there is no `hook_resid_mid`. Of a mixture of experts,
 * `hook_expert_indices` are the experts that a token chose, the one with the greatest logit first, and `hook_expert_weights` what
 * each one's output is multiplied with; `mlp.hook_pre` and `mlp.hook_post` are those of the chosen experts, in that order:
 * [experts of a token, d_mlp].
 */
import { suggest } from "../words/did-you-mean.ts"
import type { ModelInfo, NormPlace } from "./decoder/model-info.ts"

export interface HookPoint {
  readonly name: string
  /** Place in the forward pass: a hook with a greater order comes later. */
  readonly order: number
  /** Block number; -1 before the first block, `layers` after the last. */
  readonly layer: number
  /**
   * Whether the activation holds a vector for each token. An attention pattern does not: it is
   * [batch, heads, time, time].
   */
  readonly perToken: boolean
  /** Shape of the activation after [batch, time]; [] where it is not per token. */
  readonly shape: ReadonlyArray<number>
  /** Product of `shape`; 0 where it is not per token. */
  readonly width: number
}

/** Every hook of a model, in the order of the forward pass. */
export const hookPoints = (info: ModelInfo): ReadonlyArray<HookPoint> => {
  const points: Array<HookPoint> = []
  const add = (name: string, layer: number, shape: ReadonlyArray<number> = [info.d_model]): void => {
    const perToken = shape.length > 0
    const width = perToken ? shape.reduce((a, b) => a * b, 1) : 0
    points.push({ name, order: points.length, layer, perToken, shape, width })
  }
  add("hook_embed", -1)
  for (const [l, { norms, attention, mlp }] of info.points.entries()) {
    const scale = (place: NormPlace): void => {
      if (norms.includes(place)) add(`blocks.${l}.${place}.hook_scale`, l, [1])
    }
    add(`blocks.${l}.hook_resid_pre`, l)
    scale("ln1")
    for (const { name, shape } of attention) add(`blocks.${l}.${name}`, l, shape)
    scale("ln1_post")
    add(`blocks.${l}.hook_attn_out`, l)
    if (!info.parallel) add(`blocks.${l}.hook_resid_mid`, l)
    scale("ln2")
    add(`blocks.${l}.mlp.hook_in`, l)
    for (const { name, shape } of mlp) add(`blocks.${l}.${name}`, l, shape)
    scale("ln2_post")
    add(`blocks.${l}.hook_mlp_out`, l)
    add(`blocks.${l}.hook_resid_post`, l)
  }
  add("ln_final.hook_scale", info.n_layers, [1])
  add("ln_final.hook_normalized", info.n_layers)
  return points
}

/** Names of a block's hooks, of all blocks together. */
const blockNames = (points: ReadonlyArray<HookPoint>): ReadonlyArray<string> => [
  ...new Set(points.flatMap(({ name }) => /^blocks\.\d+\.(.+)$/.exec(name)?.[1] ?? []))
]

/** @returns the hook, or a sentence that says what is wrong and which hooks there are */
export const findHook = (name: string, info: ModelInfo): HookPoint | string => {
  const points = hookPoints(info)
  const found = points.find((point) => point.name === name)
  if (found !== undefined) return found
  const [, number, point] = /^blocks\.(\d+)\.(.+)$/.exec(name) ?? []
  if (point === "hook_resid_mid" && info.parallel && Number(number) < info.n_layers) {
    return `hook ${name}: attention and MLP of this model work side by side, so nothing lies between them`
  }
  const those = points.filter((other) => other.name.endsWith(`.${point ?? ""}`) && other.name.startsWith("blocks."))
  if (point !== undefined && those.length > 0) {
    return Number(number) < info.n_layers
      ? `hook ${name}: of this model only the blocks ${those.map(({ layer }) => layer).join(", ")} have ${point}`
      : `hook ${name}: the model has blocks 0 to ${info.n_layers - 1}`
  }
  const near = suggest(
    name,
    points.map((other) => other.name)
  )
  return (
    `there is no hook ${name}${near}${near === "" ? ";" : ""} ` +
    `hooks are hook_embed, blocks.L.{${blockNames(points).join(", ")}} and ln_final.hook_normalized`
  )
}
