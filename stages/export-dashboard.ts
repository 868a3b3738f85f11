/** A dashboard as the JSON that SAEDashboard makes for Neuronpedia. */
import { Dashboard } from "../src/kinds/dashboard/dashboard.ts"
import { Files } from "../src/kinds/files.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("export-dashboard", {
  summary:
    "Writes a dashboard as SAEDashboard does for Neuronpedia: batch-N.json, 256 latents each, and the silent latents.",
  inputs: { dashboard: Stage.one(Dashboard, "what `collect-dashboard` wrote") },
  params: {
    model_id: Param.string({ description: "what Neuronpedia calls the model, such as gpt2-small", default: null }),
    sae_set: Param.string({ description: "what it calls the set of SAEs, such as res-jb", default: null }),
    dataset: Param.string({ description: "what the text is called there", default: "" })
  },
  decode: (params) =>
    Stage.decoded(
      undefined,
      [params.model_id, params.sae_set].some((name) => name === null)
        ? [
            {
              param: params.model_id === null ? "model_id" : "sae_set",
              problem: "a page of Neuronpedia belongs to a model and a set of SAEs",
              remedy: "name both"
            }
          ]
        : []
    ),
  output: Files,
  metrics: { features: { better: "neither", tolerance: 0, description: "latents written" } },
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/interp/dashboard/export-dashboard-stage.ts"),
    (module) => module.exportDashboard
  )
})
