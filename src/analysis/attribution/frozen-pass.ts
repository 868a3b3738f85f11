/**
 * The local replacement model of one prompt (Ameisen et al., "Circuit Tracing", 2025): attention patterns and what
 * normalisations divide by are those of the prompt, MLPs give what they gave. Everything between an output of an MLP and what
 * a later one reads is then linear.
 */
import * as tf from "@tensorflow/tfjs-core"
import { hookPoints } from "../../model/hook-name.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { MlpTranscoder } from "./transcoder-set.ts"

/** What the unembedding reads. */
export const finalHook = "ln_final.hook_normalized"

/** What flows into the residual stream from outside of the linear part: [batch, time, d_model] each. */
export interface Sources {
  readonly embedding: tf.Tensor
  /** By layer: what the MLP gives, without what a skip connection carries through. */
  readonly mlps: ReadonlyArray<tf.Tensor>
}

export interface FrozenPass {
  readonly time: number
  /** Of the prompt itself, [time, width], by hook: `hook_embed`, what transcoders read, `hook_mlp_out`, `ln_final.hook_normalized`. */
  readonly values: (hook: string) => Float32Array
  /** What a hook gets from sources: [batch, time, width]. Call in a tidy; the result is the caller's. */
  readonly run: (sources: Sources, hook: string) => tf.Tensor
  readonly dispose: () => void
}

export const mlpOut = (layer: number): string => `blocks.${layer}.hook_mlp_out`

/** @param ids the prompt, with its BOS */
export const freezePass = (
  model: RunnableModel,
  ids: Int32Array,
  transcoders: ReadonlyArray<MlpTranscoder>
): FrozenPass => {
  const time = ids.length
  const frozen = hookPoints(model.info)
    .map(({ name }) => name)
    .filter((name) => /\.hook_(scale|pattern)$/.test(name))
  const looked = [
    ...new Set([
      "hook_embed",
      ...transcoders.map(({ reads }) => reads),
      ...transcoders.map((_, l) => mlpOut(l)),
      finalHook
    ])
  ]
  const { activations } = runModel(model, { ids, batch: 1, time }, { hooks: [...frozen, ...looked] })
  const of = (hook: string): tf.Tensor => {
    const found = activations[hook]
    if (found === undefined) throw new RangeError(`${hook} was not looked at`)
    return found
  }
  const skips = transcoders.map(({ weights: { W_skip, d_in, transcoder } }) =>
    W_skip === undefined || transcoder === undefined
      ? undefined
      : tf.keep(tf.tensor2d(W_skip, [transcoder.d_out, d_in]))
  )
  const run: FrozenPass["run"] = ({ embedding, mlps }, hook) => {
    const batch = embedding.shape[0] as number
    const read: Array<tf.Tensor | undefined> = []
    const tiled = (x: tf.Tensor): tf.Tensor => tf.tile(x, [batch, ...x.shape.slice(1).map(() => 1)])
    const replace: Record<string, tf.Tensor | ((x: tf.Tensor) => tf.Tensor)> = { hook_embed: embedding }
    for (const name of frozen) replace[name] = tiled(of(name))
    for (const [layer, source] of mlps.entries()) {
      const [skip, { reads }] = [skips[layer], transcoders[layer] as MlpTranscoder]
      if (skip !== undefined) {
        const [d_out, d_in] = skip.shape
        replace[reads] = (x) => {
          read[layer] = x
          return x
        }
        replace[mlpOut(layer)] = () => {
          const rows = tf.reshape<tf.Rank.R2>(read[layer] as tf.Tensor, [batch * time, d_in])
          return tf.add(source, tf.reshape(tf.matMul(rows, skip, false, true), [batch, time, d_out]))
        }
      } else replace[mlpOut(layer)] = source
    }
    const all = new Int32Array(batch * time)
    for (let b = 0; b < batch; b++) all.set(ids, b * time)
    const result = runModel(model, { ids: all, batch, time }, { hooks: [hook], replace })
    return result.activations[hook] as tf.Tensor
  }
  return {
    time,
    values: (hook) => of(hook).dataSync<"float32">().slice(),
    run,
    dispose: () => tf.dispose([activations, ...skips.filter((skip) => skip !== undefined)])
  }
}
