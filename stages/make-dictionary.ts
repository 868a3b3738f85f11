/** A dictionary to compare SAEs with: principal or independent components, random directions, the neuron basis. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

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
  run: Stage.late(
    () => import("../src/sae/dictionaries/dictionary-stage.ts"),
    (module) => module.dictionaryStage
  )
})
