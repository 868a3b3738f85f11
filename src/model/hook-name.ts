/**
 * Hook points: named places of the forward pass, with TransformerLens's names.
 *
 *     hook_embed
 *     blocks.L.hook_resid_pre | hook_attn_out | hook_resid_mid | hook_mlp_out | hook_resid_post
 *     blocks.L.attn.hook_z
 *     blocks.L.mlp.hook_pre | hook_post
 *     ln_final.hook_normalized
 *
 * Values are those of the Hugging Face model: nothing is folded into the weights.
 */
import type { ModelInfo } from "./model-info.ts"

/** Points of one block, in the order in which the forward pass meets them. */
const blockPoints = [
  "hook_resid_pre",
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
  /** Shape of the activation after [batch, time]. */
  readonly shape: ReadonlyArray<number>
  /** Product of `shape`. */
  readonly width: number
}

const shapeOf = (point: BlockPoint, info: ModelInfo): ReadonlyArray<number> =>
  point === "attn.hook_z"
    ? [info.heads, info.dHead]
    : point === "mlp.hook_pre" || point === "mlp.hook_post"
      ? [info.dMlp]
      : [info.dModel]

const make = (name: string, order: number, layer: number, shape: ReadonlyArray<number>): HookPoint => ({
  name,
  order,
  layer,
  shape,
  width: shape.reduce((a, b) => a * b, 1)
})

/** Every hook of a model, in the order of the forward pass. */
export const hookPoints = (info: ModelInfo): ReadonlyArray<HookPoint> => {
  const perBlock = blockPoints.length
  const points = [make("hook_embed", 0, -1, [info.dModel])]
  for (let l = 0; l < info.layers; l++) {
    for (const [i, point] of blockPoints.entries()) {
      points.push(make(`blocks.${l}.${point}`, 1 + l * perBlock + i, l, shapeOf(point, info)))
    }
  }
  points.push(make("ln_final.hook_normalized", 1 + info.layers * perBlock, info.layers, [info.dModel]))
  return points
}

/** @returns the hook, or a sentence that says what is wrong and which hooks there are */
export const findHook = (name: string, info: ModelInfo): HookPoint | string => {
  const found = hookPoints(info).find((point) => point.name === name)
  if (found !== undefined) return found
  const block = /^blocks\.(\d+)\.(.+)$/.exec(name)
  if (block !== null && blockPoints.some((point) => point === block[2])) {
    return `hook ${name}: the model has blocks 0 to ${info.layers - 1}`
  }
  return `there is no hook ${name}; hooks are hook_embed, blocks.L.{${blockPoints.join(", ")}} and ln_final.hook_normalized`
}
