/**
 * Matrix products of bfloat16 numbers, summed in f32: half the memory of the weights, and about twice the rate where the CPU
 * has instructions for them (AVX-512 BF16, AMX). Of the tensorflow engine on a CPU alone.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { EngineInfo } from "../engine-info.ts"
import { boolAttribute, castTo, dataType, executeSingle, typeAttribute } from "../tensorflow/tensorflow-ops.ts"

/** Whether the CPU multiplies bfloat16 by itself: elsewhere products take longer than in f32. */
export const multipliesHalves = ({ isa }: Pick<EngineInfo, "isa">): boolean => isa.endsWith("-bf16")

/** [inputs, outputs] of bfloat16, for which tfjs has no type: no tensor, so that no other operation takes it for numbers that it knows. */
export class HalfMatrix {
  readonly halves: tf.Tensor2D
  readonly shape: readonly [number, number]
  constructor(halves: tf.Tensor2D) {
    this.halves = halves
    this.shape = halves.shape
  }
  dispose(): void {
    this.halves.dispose()
  }
}

/** Rounded to nearest, ties to even. The f32 matrix stays the caller's. */
export const halfMatrix = (matrix: tf.Tensor2D): HalfMatrix =>
  new HalfMatrix(castTo(matrix, dataType.float32, dataType.bfloat16) as tf.Tensor2D)

/** x [n, inputs] f32, rounded to bfloat16, times a half matrix [inputs, outputs]: f32, of bfloat16's precision. */
export const halfProduct = (x: tf.Tensor2D, { halves }: HalfMatrix): tf.Tensor2D =>
  tf.tidy(() => {
    const attributes = [
      typeAttribute("T", dataType.bfloat16),
      boolAttribute("transpose_a", false),
      boolAttribute("transpose_b", false)
    ]
    const product = executeSingle("MatMul", attributes, [castTo(x, dataType.float32, dataType.bfloat16), halves])
    return castTo(product, dataType.bfloat16, dataType.float32) as tf.Tensor2D
  })
