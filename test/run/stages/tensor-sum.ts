/** Multiplies matrices of ones on the engine, and says what computed it. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Param from "../../../src/stage/param.ts"
import * as Stage from "../../../src/stage/stage.ts"
import { Numbers } from "../numbers.ts"

export default Stage.make("tensor-sum", {
  summary: "Sums a product of matrices of ones",
  params: { size: Param.integer({ description: "rows and columns" }) },
  inputs: {},
  output: Numbers,
  metrics: { sum: { better: "neither", tolerance: 0, description: "size cubed" } },
  engine: true,
  isolation: "pool",
  run: ({ params: { size }, output, engine, log }) =>
    Effect.gen(function* () {
      log(
        `${engine.name} on ${engine.device}, ${engine.threads} threads, CUDA_VISIBLE_DEVICES=${process.env["CUDA_VISIBLE_DEVICES"]}`
      )
      const sum = tf.tidy(() => tf.sum(tf.matMul(tf.ones([size, size]), tf.ones([size, size]))).dataSync()[0] as number)
      yield* output.writeJson("numbers.json", [sum])
      return { sum }
    })
})
