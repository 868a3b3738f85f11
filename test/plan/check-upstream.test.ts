import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import { checkUpstream } from "../../src/plan/check-upstream.ts"
import type { StageInstance } from "../../src/plan/stage-instance.ts"
import { formatProblem } from "../../src/specification/problem.ts"
import type { Metrics } from "../../src/artifact/artifact.ts"
import type { Json } from "../../src/json/canonical-json.ts"
import type { StageKind } from "../../src/stage/stage.ts"
import type { Upstream } from "../../src/stage/upstream.ts"
import capture from "../../stages/capture-activations.ts"
import grow from "../../stages/grow-sae.ts"
import stitch from "../../stages/stitch-saes.ts"
import meta from "../../stages/train-meta-sae.ts"
import shuffle from "../../stages/shuffle-activations.ts"
import train from "../../stages/train-sae.ts"

const told = async (
  kind: StageKind,
  given: Readonly<Record<string, Json>>,
  wired: Readonly<Record<string, string>>,
  made: Readonly<Record<string, Partial<Upstream>>>
): Promise<ReadonlyArray<string>> => {
  const preset = Object.entries(kind.params).map(([name, param]) => [name, param.default] as const)
  const params = { ...(Object.fromEntries(preset) as Record<string, Json>), ...given }
  const inputs = Object.fromEntries(
    Object.entries(wired).map(([name, instance]) => [name, { shape: "one" as const, of: { instance, at: {} } }])
  )
  const counts = Object.fromEntries(Object.keys(kind.inputs).map((name) => [name, name in wired ? 1 : 0]))
  const origins = Object.fromEntries(
    [...Object.keys(given).map((name) => `params.${name}`), ...Object.keys(wired).map((name) => `inputs.${name}`)].map(
      (path, i) => [path, { file: "x.yaml", line: i + 1, col: 1 }]
    )
  )
  const decoded = Result.getOrThrow(kind.decode(params, counts))
  const instance = { id: "it", stage: "it", kind, params, inputs, decoded, origins } as unknown as StageInstance
  const open = Effect.succeed(undefined)
  const { problems, notes, needs } = await Effect.runPromise(
    checkUpstream(instance, (id) => ({ id, params: {}, metrics: undefined, open, ...made[id] }))
  )
  return [
    ...problems.map(formatProblem),
    ...notes.map((note) => `note: ${formatProblem(note)}`),
    ...needs.map((need) => `needs: ${formatProblem({ ...need, message: need.problem })}`)
  ]
}

it("a hook that a model which is there does not have is told at its line", async () => {
  const config = join(import.meta.dirname, "../../models/tiny-speller/config.json")
  const model = { open: Effect.succeed({ config: JSON.parse(readFileSync(config, "utf8")) as unknown }) }
  const wired = { model: "model", tokens: "text" }
  const hook = (name: string) => told(capture, { hook: name }, wired, { model })
  expect(await hook("blocks.9.hook_resid_post")).toEqual([
    "x.yaml:1:1 stages.it.with.hook: hook blocks.9.hook_resid_post: the model has blocks 0 to 3"
  ])
  expect(await hook("blocks.0.attn.hook_pattern")).toHaveLength(1)
  expect(await hook("blocks.1.hook_resid_post")).toEqual([])
  expect(await told(capture, { hook: "blocks.9.hook_resid_post" }, wired, {})).toEqual([])
})

it("a large SAE for the small one is refused, one SAE with itself is told", async () => {
  const made = { narrow: { params: { d_sae: 512 } }, wide: { params: { d_sae: 2048 } } }
  const stitched = (small: string, large: string) => told(stitch, {}, { small, large, activations: "capture" }, made)
  expect(await stitched("narrow", "wide")).toEqual([])
  expect(await stitched("wide", "narrow")).toEqual([
    "x.yaml:1:1 stages.it.with.small: wide has 2048 latents, more than the 512 of narrow; exchange them, or list the widths smallest first"
  ])
  expect((await stitched("wide", "wide"))[0]).toMatch(/^note: x.yaml:1:1 .* nothing can be novel/)
})

it("an SAE that is to grow to what it has is refused at d_sae", async () => {
  const made = { narrow: { params: { d_sae: 512 } }, imported: { metrics: { d_sae: 600 } } }
  const growth = (sae: string, d_sae: number) => told(grow, { d_sae }, { sae }, made)
  expect(await growth("narrow", 513)).toEqual([])
  expect(await growth("narrow", 512)).toEqual([
    "x.yaml:1:1 stages.it.with.d_sae: narrow has 512 latents already, and d_sae is 512; raise d_sae"
  ])
  expect(await growth("imported", 513)).toHaveLength(1)
  expect(await growth("unknown", 513)).toEqual([])
})

it("what a dictionary takes is known before anything is captured, and as soon as the width of its rows is", async () => {
  const needs = (d_sae: number, metrics?: Metrics) =>
    told(train, { d_sae, k: 16 }, { activations: "capture" }, { capture: { metrics } })
  expect(await needs(2e9)).toEqual([
    expect.stringMatching(/^needs: x.yaml:1:1 stages.it.with.d_sae: training takes at least \S+ [TP]iB of memory/)
  ])
  expect(await needs(2e6, { d_in: 2304 })).toEqual([expect.stringMatching(/takes up to 1\d\d\.\d GiB of memory/)])
  const preset = Object.entries(meta.params).map(([name, param]) => [name, param.default] as const)
  const given = { ...Object.fromEntries(preset), d_sae: 2e6 }
  expect(await told(meta, given, { sae: "sae" }, { sae: { metrics: { d_in: 2304 } } })).toEqual([
    expect.stringMatching(/^needs: .*takes up to 1\d\d\.\d GiB/)
  ])
})

it("rows are as wide as the hook of a model that is there, shuffled or not", async () => {
  const config = join(import.meta.dirname, "../../models/tiny-speller/config.json")
  const open = Effect.succeed({ config: JSON.parse(readFileSync(config, "utf8")) as unknown })
  const foreseen = (
    kind: StageKind,
    params: Readonly<Record<string, Json>>,
    upstream: Readonly<Record<string, Upstream>>
  ) => {
    const preset = Object.entries(kind.params).map(([name, param]) => [name, param.default] as const)
    const counts = Object.fromEntries(Object.keys(kind.inputs).map((name) => [name, name in upstream ? 1 : 0]))
    const decoded = Result.getOrThrow(
      kind.decode({ ...Object.fromEntries(preset), ...params } as typeof params, counts)
    )
    const wired = Object.keys(kind.inputs).map((name) => [name, name in upstream ? [upstream[name] as Upstream] : []])
    return Effect.runPromise(decoded.foresee?.(Object.fromEntries(wired)) ?? Effect.succeed<Metrics>({}))
  }
  const model = { id: "model", params: {}, metrics: undefined, open }
  const rows = await foreseen(capture, { hook: "blocks.1.mlp.hook_post" }, { model })
  expect(rows["d_in"]).toBeGreaterThan(64)
  const captured = { id: "capture", params: {}, metrics: rows, open: Effect.succeed(undefined) }
  expect(await foreseen(shuffle, {}, { activations: captured })).toEqual(rows)
  expect(await foreseen(capture, {}, { model: { ...model, open: Effect.succeed(undefined) } })).toEqual({})
})
