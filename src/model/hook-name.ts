/**
 * Hook points: named places of the forward pass, with TransformerLens's names.
 *
 *     hook_embed
 *     blocks.L.hook_resid_pre | hook_attn_out | hook_resid_mid | hook_mlp_out | hook_resid_post
 *     blocks.L.attn.hook_q | hook_k | hook_v | hook_pattern | hook_z
 *     blocks.L.mlp.hook_pre | hook_post
 *     ln_final.hook_normalized
 *
 * Values are those of the Hugging Face model: nothing is folded into the weights. `hook_embed` is before positions are
 * added and after Gemma's scale; `hook_q` and `hook_k` are the projections, before their normalisation and rotation;
 * `hook_attn_out` and `hook_mlp_out` are what attention and MLP add to the residual stream, after Gemma's second
 * normalisation, so that resid_pre + attn_out = resid_mid in every model; `mlp.hook_pre` is the gate where the MLP is gated. Where attention and MLP work side by side
 * (GPT-NeoX with parallel residuals) there is no `hook_resid_mid`.
 */
import { suggest } from "../words/did-you-mean.ts"
import type { ModelInfo } from "./decoder/model-info.ts"

/** Points of one block, in the order in which the forward pass meets them. */
const blockPoints = [
  "hook_resid_pre",
  "attn.hook_q",
  "attn.hook_k",
  "attn.hook_v",
  "attn.hook_pattern",
  "attn.hook_z",
  "hook_attn_out",
  "hook_resid_mid",
  "mlp.hook_pre",
  "mlp.hook_post",
  "hook_mlp_out",
  "hook_resid_post"
] as const
export type BlockPoint = (typeof blockPoints)[number]

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

const shapeOf = (point: BlockPoint, info: ModelInfo): ReadonlyArray<number> => {
  switch (point) {
    case "attn.hook_pattern":
      return []
    case "attn.hook_q":
    case "attn.hook_z":
      return [info.heads, info.dHead]
    case "attn.hook_k":
    case "attn.hook_v":
      return [info.keyValueHeads, info.dHead]
    case "mlp.hook_pre":
    case "mlp.hook_post":
      return [info.dMlp]
    default:
      return [info.dModel]
  }
}

const make = (name: string, order: number, layer: number, shape: ReadonlyArray<number>): HookPoint => ({
  name,
  order,
  layer,
  perToken: shape.length > 0,
  shape,
  width: shape.length === 0 ? 0 : shape.reduce((a, b) => a * b, 1)
})

/** Every hook of a model, in the order of the forward pass. */
export const hookPoints = (info: ModelInfo): ReadonlyArray<HookPoint> => {
  const perBlock = blockPoints.length
  const points = [make("hook_embed", 0, -1, [info.dModel])]
  for (let l = 0; l < info.layers; l++) {
    for (const [i, point] of blockPoints.entries()) {
      if (info.parallel && point === "hook_resid_mid") continue
      points.push(make(`blocks.${l}.${point}`, 1 + l * perBlock + i, l, shapeOf(point, info)))
    }
  }
  points.push(make("ln_final.hook_normalized", 1 + info.layers * perBlock, info.layers, [info.dModel]))
  return points
}

/** @returns the hook, or a sentence that says what is wrong and which hooks there are */
export const findHook = (name: string, info: ModelInfo): HookPoint | string => {
  const points = hookPoints(info)
  const found = points.find((point) => point.name === name)
  if (found !== undefined) return found
  const block = /^blocks\.(\d+)\.(.+)$/.exec(name)
  if (block !== null && blockPoints.some((point) => point === block[2])) {
    if (Number(block[1]) < info.layers) {
      return `hook ${name}: attention and MLP of this model work side by side, so nothing lies between them`
    }
    return `hook ${name}: the model has blocks 0 to ${info.layers - 1}`
  }
  const near = suggest(
    name,
    points.map((point) => point.name)
  )
  return (
    `there is no hook ${name}${near}${near === "" ? ";" : ""} ` +
    `hooks are hook_embed, blocks.L.{${blockPoints.join(", ")}} and ln_final.hook_normalized`
  )
}
