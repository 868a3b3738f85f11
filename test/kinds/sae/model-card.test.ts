import { expect, it } from "vitest"
import { parse } from "yaml"
import { modelCard } from "../../../src/kinds/sae/model-card.ts"

it("a model card has the header of the hub, and says what the SAE is and what was measured", () => {
  const info = {
    architecture: "batch_topk",
    activation: { type: "topk" as const, k: 8 },
    d_in: 192,
    d_sae: 128,
    k: 8,
    hook: "blocks.1.hook_resid_post",
    model: null,
    activations: null,
    rows: "activations",
    training: null
  }
  const card = modelCard(info, { model_name: null, dataset_path: "a|b" }, { loss: 0.15461003922646627, l0: 8 })
  const [, header = "", body = ""] = card.split(/^---$/m)
  expect(parse(header)).toEqual({
    library_name: "saelens",
    tags: ["sparse-autoencoder", "mechanistic-interpretability"]
  })
  const rows = [...body.matchAll(/^\| (.*) \| (.*) \|$/gm)].map(([, name, value]) => [name, value])
  expect(rows).toEqual([
    ["---", "---"],
    ["architecture", "batch_topk"],
    ["k (latents per row)", "8"],
    ["d_in", "192"],
    ["d_sae", "128"],
    ["hook", "blocks.1.hook_resid_post"],
    ["text", "a\\|b"],
    ["metric", "value"],
    ["---", "---"],
    ["l0", "8"],
    ["loss", "0.15461"]
  ])
})
