import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, expect, it } from "vitest"
import { logitWeights } from "../../src/interp/logit-weights.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

it("gives the decoder row's direct effect on the logits, by hand for two dimensions and three tokens", () => {
  // W_U columns: (1, 0), (0, 1), (-1, -1). Scale (2, 1). Row (3, 1).
  const W_U = { matrix: tf.tensor2d([1, 0, 0, 1, -1, -1], [3, 2]), scale: 1 }
  const rows = Float32Array.of(3, 1)
  const scale = Float32Array.of(2, 1)
  // Without centring: (6, 1) W_U = (6, 1, -7), mean 0.
  expect(logitWeights(rows, { scale, centres: false }, W_U, 2)).toEqual([
    {
      promoted: [
        { token: 0, weight: 6 },
        { token: 1, weight: 1 }
      ],
      suppressed: [
        { token: 2, weight: -7 },
        { token: 1, weight: 1 }
      ]
    }
  ])
  // Centred: (1, -1) * (2, 1) = (2, -1); W_U gives (2, -1, -1), mean 0.
  const [centred] = logitWeights(rows, { scale, centres: true }, W_U, 1)
  expect(centred).toEqual({ promoted: [{ token: 0, weight: 2 }], suppressed: [{ token: 1, weight: -1 }] })
  W_U.matrix.dispose()
})

it("takes the mean over the vocabulary off, which no probability depends on", () => {
  const W_U = { matrix: tf.tensor2d([1, 2, 6], [3, 1]), scale: 0.5 }
  const [weights] = logitWeights(Float32Array.of(1), { scale: Float32Array.of(1), centres: false }, W_U, 3)
  expect(weights?.promoted.map(({ weight }) => weight)).toEqual([1.5, -0.5, -1])
  W_U.matrix.dispose()
})
