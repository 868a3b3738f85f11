/** A machine that computes graphs of the tests' stage kinds without computing: digests and metrics follow from keys. */
import { createHash } from "node:crypto"
import type { Result } from "../../src/lock/compare-results.ts"
import { keyOf } from "../../src/plan/key.ts"
import { manifestOf } from "../../src/plan/manifest.ts"
import type { ActionRecord } from "../../src/store/action-record.ts"
import type { EngineInfo } from "../../src/tensor/engine-info.ts"
import { makeGraph, type StageSpec } from "../run/experiment.ts"

export const sha = (text: string): string => createHash("sha256").update(text).digest("hex")

export const engineOf = (isa: string): EngineInfo => ({
  name: "tensorflow",
  version: "2.21.0",
  device: "cpu",
  isa,
  threads: 2,
  kernels: "compiled"
})

export interface Machine {
  readonly isa: string
  /** Added to every metric. */
  readonly off?: number
  /** Code of a stage, where it is not "1". */
  readonly code?: Readonly<Record<string, string>>
}

/** Stages whose name begins with `t` need an engine: their bytes depend on the instruction set; those of others on their inputs alone. */
export const compute = (
  specs: ReadonlyArray<StageSpec>,
  { isa, off = 0, code = {} }: Machine
): ReadonlyArray<Result> => {
  const digests = new Map<string, string>()
  return makeGraph(specs).instances.map((instance): Result => {
    const facts = { code: { digest: code[instance.id] ?? "1", packages: {} }, sources: {}, facts: {}, numerics: {} }
    const notes = { codeFiles: {}, sources: {} }
    const manifest = manifestOf(instance, facts, (id) => digests.get(id))
    if (manifest === undefined) throw new Error(instance.id)
    const key = keyOf(manifest)
    const engine = instance.id.startsWith("t") ? engineOf(isa) : null
    const digest = sha(engine === null ? key : `${key} ${isa}`)
    digests.set(instance.id, digest)
    const record: ActionRecord = {
      format: 1,
      key,
      attempt: 1,
      digest,
      output: "Numbers",
      metrics: { sum: instance.order + off },
      canonical: true,
      nondeterministic: false,
      seconds: 1,
      engine,
      stage: instance.id,
      run: "r",
      experiment: "x.yaml",
      acceptedFrom: null,
      manifest,
      notes
    }
    return { instance, facts, notes, record }
  })
}
