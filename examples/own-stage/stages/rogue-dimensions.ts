/**
 * How much of the variance of activations a few dimensions carry. In many language models it is most of it: "rogue"
 * dimensions (Timkey and van Schijndel 2021, arXiv 2109.04404), which an SAE then spends its first latents on.
 */
import * as Effect from "effect/Effect"
import { Activations, Files, openActivations } from "sae-pipeline/kinds"
import { Param, Stage } from "sae-pipeline/stage"
import { makeMoments } from "../science/moments.ts"

export default Stage.make("rogue-dimensions", {
  summary: "Measures how much of the variance of activations a few dimensions carry",
  inputs: { activations: Stage.one(Activations, "the rows to measure; those that are held out are not looked at") },
  params: {
    top: Param.integer({ description: "how many dimensions count as few", unit: "dimensions", default: 3, minimum: 1 })
  },
  output: Files,
  metrics: {
    top_share: {
      better: "neither",
      tolerance: 1e-3,
      description: "share of the variance in the `top` largest dimensions"
    }
  },
  engine: false,
  isolation: "pool",
  run: ({ inputs, params, output, progress }) =>
    Effect.gen(function* () {
      const { train, d_in } = yield* openActivations(inputs.activations.value)
      const moments = makeMoments(d_in)
      for (let i = 0; i < train.batches; i++) {
        const { first, rows, activation } = yield* train.readBatch(i)
        moments.add(activation)
        progress({ done: first + rows, total: train.rows, unit: "rows" })
      }
      const variance = moments.variance()
      const total = variance.reduce((sum, each) => sum + each, 0)
      const largest = [...variance.keys()]
        .toSorted((a, b) => (variance[b] ?? 0) - (variance[a] ?? 0))
        .slice(0, params.top)
      const shares = largest.map((dimension) => ({ dimension, share: (variance[dimension] ?? 0) / total }))
      yield* output.writeJson("dimensions.json", shares)
      return { top_share: shares.reduce((sum, { share }) => sum + share, 0) }
    })
})
