/**
 * Loads the tensorflow engine in this process, as a worker would, and prints what it is and, with `--time`, how long the sparse
 * half of a training step takes: the program behind `engineFacts`.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { activeDots, decode, scatterToLatents, topKRows } from "../kernels/sparse-kernels.ts"
import type { EngineFacts } from "./engine-facts.ts"
import { loadEngine } from "./engine.ts"

const [ROWS, D, LATENTS, K, REPEATS] = [1024, 512, 4096, 32, 5]

const step = (x: tf.Tensor2D, weights: tf.Tensor2D): void =>
  tf.tidy(() => {
    const codes = topKRows(tf.matMul<tf.Tensor2D>(x, weights, false, true), K)
    const error = tf.sub<tf.Tensor2D>(decode(codes, weights), x)
    const dots = activeDots(codes, weights, error)
    scatterToLatents(codes, dots, x).dataSync()
  })

/** Milliseconds, the median of a few; the first one warms up. */
const timeStep = (): number => {
  const [x, weights] = [
    tf.randomNormal<tf.Rank.R2>([ROWS, D], 0, 1, "float32", 1),
    tf.randomNormal<tf.Rank.R2>([LATENTS, D], 0, 1, "float32", 2)
  ]
  const times = Array.from({ length: REPEATS + 1 }, () => {
    const start = performance.now()
    step(x, weights)
    return performance.now() - start
  })
  return times.slice(1).toSorted((a, b) => a - b)[Math.floor(REPEATS / 2)] ?? Number.NaN
}

const facts = loadEngine("tensorflow").pipe(
  Effect.map((info): EngineFacts => ({ info, stepMilliseconds: process.argv.includes("--time") ? timeStep() : null })),
  Effect.catch(({ message }) => Effect.succeed<EngineFacts>({ problem: message }))
)
process.stdout.write(`${JSON.stringify(await Effect.runPromise(facts))}\n`)
