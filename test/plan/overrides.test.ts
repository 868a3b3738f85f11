import { assert, describe, it } from "vitest"
import { compiled, instance } from "./compile-text.ts"
import { experiment, pipeline } from "./example-files.ts"

const run = (overrides: string, assignments: ReadonlyArray<string> = []) =>
  compiled({
    experiment: { ...experiment, text: experiment.text + (overrides === "" ? "" : `overrides:\n${overrides}`) },
    pipeline,
    assignments
  })

const ks = (overrides: string, assignments: ReadonlyArray<string> = []): ReadonlyArray<unknown> =>
  run(overrides, assignments)
    .graph.instances.filter(({ stage }) => stage === "sae")
    .map(({ params }) => params["k"])

describe("overrides", () => {
  it("of all instances, of some; later ones win, the command line last", () => {
    assert.deepStrictEqual(ks(""), [16, 16])
    assert.deepStrictEqual(ks("  stages.sae.with.k: 20\n"), [20, 20])
    assert.deepStrictEqual(ks("  stages.sae.with.k: 20\n  stages.sae[width=last].with.k: 24\n"), [20, 24])
    assert.deepStrictEqual(ks("  stages.sae[width=4096].with.k: 24\n", ["stages.sae.with.k=8"]), [8, 8])
    assert.deepStrictEqual(ks("", ["stages.sae.with.k=8", "stages.sae[width=params.widths[0]].with.k=9"]), [9, 8])
  })

  it("of a file that keeps an instance from what --set sets, or is for none that it leaves: a note, and no error", () => {
    const notes = (overrides: string, assignments: ReadonlyArray<string>): ReadonlyArray<string> =>
      run(overrides, assignments).notes.map(({ path, message }) => `${path}: ${message}`)
    const pins = "  stages.capture.with.hook: h\n"
    assert.deepStrictEqual(notes(pins, []), [])
    assert.deepStrictEqual(notes(pins, ["hook=other"]), [
      "overrides.stages.capture.with.hook: capture keeps \"h\" in spite of --set hook; --set 'stages.capture.with.hook=VALUE' wins over the file"
    ])
    assert.deepStrictEqual(notes(pins, ["hook=other", "stages.capture.with.hook=other"]), [])
    const narrow = "  stages.sae[width=4096].with.k: 24\n"
    assert.deepStrictEqual(notes(narrow, ["widths=[128, 256]"]), [
      "overrides.stages.sae[width=4096].with.k: is for no instance that --set leaves, and is left out"
    ])
    assert.throws(() => run("  stages.sae[width=4097].with.k: 24\n"), /matches nothing/)
  })

  it("of parameters, with or without the prefix", () => {
    const { params } = run("  tokens: 7\n  params.seeds: [3]\n", ["params.hook=h", "text=file:a b.txt"])
    assert.strictEqual(params["tokens"], 7)
    assert.deepStrictEqual(params["seeds"], [3])
    assert.strictEqual(params["hook"], "h")
    assert.strictEqual(params["text"], "file:a b.txt")
  })

  it("of resources, retries, time limits and the matrix", () => {
    const { graph } = run("", [
      "stages.sae[width=4096].resources.vram=1 GiB",
      "stages.sae.retries=0",
      "stages.capture.timeout=10 min",
      "stages.sae.matrix.seed=[5, 6]"
    ])
    assert.deepStrictEqual(
      graph.instances.filter(({ stage }) => stage === "sae").map(({ id }) => id),
      ["sae[width=4096,seed=5]", "sae[width=4096,seed=6]", "sae[width=16384,seed=5]", "sae[width=16384,seed=6]"]
    )
    const small = instance(graph.instances, "sae[width=4096,seed=5]")
    const large = instance(graph.instances, "sae[width=16384,seed=5]")
    assert.strictEqual(small.resources.vram, 2 ** 30)
    assert.strictEqual(large.resources.vram, 8 * 2 ** 30)
    assert.strictEqual(small.retries, 0)
    assert.strictEqual(instance(graph.instances, "capture").timeoutSeconds, 600)
  })

  it("may be expressions, of artifacts too", () => {
    const { graph } = run("", [
      "stages.meta.with.sae=${{ stages.sae[width=first] }}",
      "stages.sae.with.k=${{ params.seeds[0] }}".replace("seeds", "widths")
    ])
    assert.deepStrictEqual(instance(graph.instances, "meta").needs, ["sae[width=4096,seed=0]"])
    assert.strictEqual(instance(graph.instances, "sae[width=4096,seed=0]").params["k"], 4096)
  })

  it("reach into a map", () => {
    const text = "stages: { c: { uses: command, with: { run: x, values: { lr: 0.1, k: 2 } } } }\n"
    const { graph } = compiled({ experiment: { file: "x.yaml", text }, assignments: ["stages.c.with.values.lr=0.2"] })
    const c = instance(graph.instances, "c")
    assert.deepStrictEqual(c.params["values"], { lr: 0.2, k: 2 })
    assert.strictEqual(c.origins["params.values.lr"]?.file, "--set stages.c.with.values.lr=0.2")
    assert.deepStrictEqual(c.origins["params.values.k"], { file: "x.yaml", line: 1, col: 69 })
  })
})
