/** Root-mean-square normalisation over the last axis (Zhang & Sennrich 2019): x / sqrt(mean x^2 + epsilon) * weight. */
import * as tf from "@tensorflow/tfjs-core"
import { modelKernelsApply, normalizeRows } from "../../tensor/kernels/model-kernels.ts"
import type { NormWeights } from "./weights.ts"

export const rmsNorm = (x: tf.Tensor, { weight }: NormWeights, epsilon: number): tf.Tensor =>
  modelKernelsApply()
    ? normalizeRows(x, weight, undefined, { epsilon, centre: false })
    : tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon))), weight)
