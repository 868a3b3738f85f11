/** What attention needs beside weights, made once for a pass and shared by the blocks that want the same. */
import type * as tf from "@tensorflow/tfjs-core"
import type { AttentionDescription } from "./architecture.ts"
import { causalMask } from "./blocks/attention.ts"
import { type Rotary, type RotaryTables, rotaryTables } from "./blocks/rotary.ts"

export interface PassTables {
  readonly mask: tf.Tensor2D
  readonly rotary: RotaryTables | undefined
}

/** Call in a tidy that lasts as long as the pass. */
export const makePassTables = (
  attention: ReadonlyArray<AttentionDescription>,
  time: number
): ((layer: number) => PassTables) => {
  const masks = new Map<number, tf.Tensor2D>()
  const turns = new Map<Rotary, RotaryTables>()
  const byLayer = attention.map(({ window = time, rotary }): PassTables => {
    const reach = Math.min(window, time)
    const mask = masks.get(reach) ?? causalMask(time, reach)
    masks.set(reach, mask)
    if (rotary === undefined) return { mask, rotary: undefined }
    const tables = turns.get(rotary) ?? rotaryTables(rotary, time)
    turns.set(rotary, tables)
    return { mask, rotary: tables }
  })
  return (layer) => byLayer[layer] as PassTables
}
