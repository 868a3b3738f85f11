/** Laws of keys: what a key depends on, and what it does not. */
import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { canonicalJson } from "../../src/json/canonical-json.ts"
import type { Json } from "../../src/json/canonical-json.ts"
import { keyOf } from "../../src/plan/key.ts"
import { manifestOf } from "../../src/plan/manifest.ts"
import type { KeyFacts } from "../../src/plan/manifest.ts"
import type { Graph } from "../../src/plan/stage-instance.ts"
import { chain } from "./chain.ts"
import { compiled, file } from "./compile-text.ts"
import { makeWorld, planOf, runAll } from "./memory-world.ts"

/** Every key of a graph as a run would find them, by instance. */
const keysOf = (graph: Graph): ReadonlyMap<string, string> => {
  const world = makeWorld()
  runAll(graph, world)
  return new Map(planOf(graph, world).stages.map(({ instance, key }) => [instance.id, key as string]))
}
const keys = (text: string, assignments: ReadonlyArray<string> = []) => keysOf(compiled(file(text, assignments)).graph)

type Written = Readonly<Record<string, unknown>>
/** A stage in JSON, which is YAML, with the entries of every map in the order that `shuffle` gives. */
const write = (value: unknown, shuffle: (keys: ReadonlyArray<string>) => ReadonlyArray<string>): string => {
  if (Array.isArray(value)) return `[${value.map((item) => write(item, shuffle)).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const map = value as Written
  return `{ ${shuffle(Object.keys(map))
    .map((key) => `${JSON.stringify(key)}: ${write(map[key], shuffle)}`)
    .join(", ")} }`
}

const stages = (name: (stage: string) => string): Written => {
  const ref = (stage: string): string => `\${{ stages.${name(stage)} }}`
  return {
    [name("model")]: { uses: "load-model", with: { source: "builtin:m" } },
    [name("text")]: { uses: "load-text", with: { source: "builtin:t", model: ref("model"), tokens: 5 } },
    [name("capture")]: { uses: "capture-activations", with: { model: ref("model"), tokens: ref("text"), hook: "h" } },
    [name("sae")]: {
      uses: "train-sae",
      with: { activations: ref("capture"), d_sae: 64, k: 8, lr: 0.01, layers: [1, 2], seed: 3 },
      resources: { gpu: 1 }
    },
    [name("score")]: {
      uses: "command",
      with: { run: "x", values: { a: 1, b: { c: 2, d: [3] } }, inputs: { sae: ref("sae"), model: ref("model") } }
    }
  }
}
const plain = (stage: string): string => stage
const asIs = (keys: ReadonlyArray<string>) => keys
const sorted = (map: ReadonlyMap<string, string>): ReadonlyArray<string> => [...map.values()].toSorted()

describe("a key", () => {
  it("does not depend on the order of keys or of stages in the file", () => {
    const expected = keys(write({ stages: stages(plain) }, asIs))
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const shuffle = (names: ReadonlyArray<string>) =>
          names
            .map((name) => [numbers.next().value as number, name] as const)
            .toSorted(([a], [b]) => a - b)
            .map(([, name]) => name)
        const found = keys(write({ stages: stages(plain) }, shuffle))
        assert.deepStrictEqual(new Map([...found].toSorted()), new Map([...expected].toSorted()))
      }),
      { numRuns: 30 }
    )
  })

  it("does not depend on the names of stages", () => {
    const expected = sorted(keys(write({ stages: stages(plain) }, asIs)))
    const suffix = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)
    fc.assert(
      fc.property(suffix, (end) => {
        assert.deepStrictEqual(sorted(keys(write({ stages: stages((stage) => `${stage}${end}`) }, asIs))), expected)
      }),
      { numRuns: 30 }
    )
  })

  it("does not depend on descriptions, resources, retries, time limits or order-only needs", () => {
    const expected = keys(chain())
    const other = chain()
      .replace(
        "  sae:\n",
        "  sae:\n    description: the SAE\n    retries: 3\n    timeout: 2 hours\n    needs: model\n    resources: { vram: 3 GiB }\n"
      )
      .replace("params:\n", "name: another\ndescription: the same\nparams:\n")
    assert.deepStrictEqual(keys(other), expected)
  })

  it("is the same for a value written in the stage, as a parameter, as an override or with --set", () => {
    const expected = keys(chain({ lr: "0.01" }))
    assert.deepStrictEqual(keys(chain(), ["lr=1e-2"]), expected)
    assert.deepStrictEqual(keys(chain(), ["stages.sae.with.lr=0.01"]), expected)
    assert.deepStrictEqual(keys(`${chain()}overrides: { params.lr: 0.01 }\n`), expected)
    assert.deepStrictEqual(keys(chain().replace('lr: "${{ params.lr }}"', "lr: 0.01")), expected)
  })

  it("changes with any parameter, and with it the keys below", () => {
    const base = keys(write({ stages: stages(plain) }, asIs))
    const changes = fc.oneof(
      fc.record({ name: fc.constant("k"), value: fc.integer({ min: 1, max: 64 }) }),
      fc.record({ name: fc.constant("lr"), value: fc.double({ min: 1e-9, max: 1, noNaN: true }) }),
      fc.record({ name: fc.constant("seed"), value: fc.integer() }),
      fc.record({ name: fc.constant("layers"), value: fc.uniqueArray(fc.integer(), { maxLength: 3 }) }),
      fc.record({ name: fc.constant("architecture"), value: fc.constantFrom("topk", "batch_topk") }),
      fc.record({ name: fc.constant("threshold"), value: fc.option(fc.integer()) })
    )
    const now: Readonly<Record<string, unknown>> = {
      k: 8,
      lr: 0.01,
      seed: 3,
      layers: [1, 2],
      architecture: "topk",
      threshold: null
    }
    fc.assert(
      fc.property(changes, ({ name, value }) => {
        const found = keys(write({ stages: stages(plain) }, asIs), [`stages.sae.with.${name}=${JSON.stringify(value)}`])
        const same = canonicalJson(now[name]) === canonicalJson(value)
        for (const stage of ["model", "text", "capture"]) assert.strictEqual(found.get(stage), base.get(stage))
        for (const stage of ["sae", "score"]) assert.strictEqual(found.get(stage) === base.get(stage), same)
      }),
      { numRuns: 60 }
    )
  })

  it("changes with code, packages, sources, facts and numerics", () => {
    const sae = compiled(file(write({ stages: stages(plain) }, asIs))).graph.instances.find(({ id }) => id === "sae")
    if (sae === undefined) throw new Error("no sae")
    const facts: KeyFacts = {
      code: { digest: "c", packages: { a: "1" } },
      sources: { s: "d" },
      facts: { f: 1 },
      numerics: { precision: "f32" }
    }
    const key = (change: Partial<KeyFacts>, digest = "x") => {
      const manifest = manifestOf(sae, { ...facts, ...change }, () => digest)
      if (manifest === undefined) throw new Error("no manifest")
      return keyOf(manifest)
    }
    const variants = [
      key({}),
      key({ code: { digest: "e", packages: { a: "1" } } }),
      key({ code: { digest: "c", packages: { a: "2" } } }),
      key({ sources: { s: "e" } }),
      key({ facts: { f: 2 } }),
      key({ numerics: { precision: "bf16" } }),
      key({}, "y")
    ]
    assert.strictEqual(new Set(variants).size, variants.length)
    assert.strictEqual(key({}), variants[0])
    assert.match(variants[0] as string, /^[0-9a-f]{64}$/)
    assert.isUndefined(manifestOf(sae, facts, () => undefined))
  })

  it("holds no parameter that is null: one that a kind gets later changes no key", () => {
    const keyWith = (params: Readonly<Record<string, Json>>): string => {
      const sae = compiled(file(write({ stages: stages(plain) }, asIs))).graph.instances.find(({ id }) => id === "sae")
      if (sae === undefined) throw new Error("no sae")
      const facts: KeyFacts = { code: { digest: "c", packages: {} }, sources: {}, facts: {}, numerics: {} }
      const manifest = manifestOf({ ...sae, params: { ...sae.params, ...params } }, facts, () => "x")
      if (manifest === undefined) throw new Error("no manifest")
      return keyOf(manifest)
    }
    assert.strictEqual(keyWith({ threshold: null }), keyWith({}))
    assert.strictEqual(keyWith({ threshold: null, another: null }), keyWith({}))
    assert.notStrictEqual(keyWith({ threshold: 0 }), keyWith({}))
  })

  it("is the hash of known text: the format is frozen", () => {
    const model = compiled(file('stages: { m: { uses: load-model, with: { source: "builtin:m" } } }')).graph
      .instances[0]
    if (model === undefined) throw new Error("no model")
    const facts: KeyFacts = {
      code: { digest: "c", packages: {} },
      sources: { source: "d" },
      facts: {},
      numerics: { precision: "f32" }
    }
    const manifest = manifestOf(model, facts, () => undefined)
    assert.strictEqual(
      canonicalJson(manifest),
      '{"code":{"digest":"c","packages":{}},"facts":{},"format":2,"inputs":{},"kind":"load-model","numerics":{"precision":"f32"},"params":{},"sources":{"source":"d"}}'
    )
  })
})

describe("canonical JSON", () => {
  it("has one text per value, whatever the order of keys, and gives the value back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        // JSON has no -0, which reads back as 0.
        assert.strictEqual(canonicalJson(JSON.parse(text)), text)
        const reversed = JSON.parse(JSON.stringify(value), (_, item: unknown) =>
          typeof item === "object" && item !== null && !Array.isArray(item)
            ? Object.fromEntries(Object.entries(item).toReversed())
            : item
        ) as unknown
        assert.strictEqual(canonicalJson(reversed), text)
      })
    )
  })
})
