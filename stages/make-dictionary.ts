/** A dictionary to compare SAEs with: principal or independent components, random directions, the neuron basis. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("make-dictionary", {
  summary: "Makes a dictionary that is no SAE in the form of one: PCA, ICA, random directions, neurons",
  inputs: { activations: Stage.one(Activations, "the rows whose training part components are of") },
  params: {
    kind: Param.choice(["pca", "ica", "random", "neurons"], {
      description:
        "principal components, independent components, random unit directions, or the numbers of the row themselves"
    }),
    size: Param.integer({
      default: null,
      minimum: 1,
      description: "components (pca, ica) or latents (random); null: as many as a row has numbers"
    }),
    k: Param.integer({
      default: null,
      minimum: 1,
      description: "latents kept on every row, those with the largest activations; null: all that are positive",
      unit: "latents"
    }),
    seed: Param.integer({ default: 0, description: "seed of random directions and of the start of ICA" })
  },
  output: Sae,
  metrics: { d_sae: { better: "neither", tolerance: 0, description: "latents: two a component, one for each sign" } },
  engine: true,
  isolation: "process",
  run: ({ inputs, params, output, log }) =>
    Effect.gen(function* () {
      const { comparisonDictionary } = yield* Effect.promise(
        () => import("../src/sae/dictionaries/comparison-dictionary.ts")
      )
      const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/rows/load-training-rows.ts"))
      const { residentRows } = yield* Effect.promise(() => import("../src/activations/row-source.ts"))
      const { writeSae } = yield* Effect.promise(() => import("../src/kinds/sae/write-sae.ts"))
      const activations = inputs.activations.value
      if (activations.train.rows < 2) return yield* stageFailed("there are no training rows", "Capture more text.")
      const source = yield* loadTrainingRows(activations)
      const rows = residentRows(source)
      if (rows.rows < source.rows)
        log(`from ${rows.rows} rows drawn at random of ${source.rows}, which are not all in memory`)
      const weights = comparisonDictionary(rows, params)
      if (typeof weights === "string") return yield* stageFailed(weights)
      log(`${params.kind}: ${weights.d_sae} latents`)
      const { kind, seed, k } = params
      const info = {
        architecture: kind,
        k,
        hook: activations.hook,
        model: activations.model,
        activations: activations.digest,
        rows: "activations",
        training: { kind, seed }
      }
      yield* writeSae(output, { weights, info, curve: {}, metadata: { context_size: activations.context_size } })
      return { d_sae: weights.d_sae }
    })
})
