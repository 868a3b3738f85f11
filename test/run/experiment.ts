/** Graphs of the tests' own stage kinds, written by hand, and a run of them. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Json } from "../../src/json/canonical-json.ts"
import type { ArtifactRef, Graph, StageInstance } from "../../src/plan/stage-instance.ts"
import { upstreamOf } from "../../src/plan/manifest.ts"
import type { RunEvent } from "../../src/run/event.ts"
import type { RunRequest } from "../../src/run/run-options.ts"
import type { Resources } from "../../src/stage/resources.ts"
import type { StageKind } from "../../src/stage/stage.ts"
import * as Wiring from "../../src/stage/wiring.ts"
import { makeLocalStore } from "../../src/store/local/local-store.ts"
import type { Store } from "../../src/store/store.ts"
import add from "./stages/add.ts"
import collect from "./stages/collect.ts"
import count from "./stages/count.ts"
import inlineAdd from "./stages/inline-add.ts"
import misbehave from "./stages/misbehave.ts"
import sumTogether from "./stages/sum-together.ts"
import tensorSum from "./stages/tensor-sum.ts"

const kinds: Readonly<Record<string, StageKind>> = {
  add,
  collect,
  count,
  "inline-add": inlineAdd,
  misbehave,
  "sum-together": sumTogether,
  "tensor-sum": tensorSum
}

export interface StageSpec {
  readonly id: string
  /** Name of the stage, which the instances of a matrix share. @default the id */
  readonly stage?: string
  readonly kind: string
  readonly params?: Readonly<Record<string, Json>>
  /** Input name -> ids: a string is one, a list a list. */
  readonly inputs?: Readonly<Record<string, string | ReadonlyArray<string>>>
  readonly needs?: ReadonlyArray<string>
  readonly retries?: number
  readonly timeoutSeconds?: number
  /** Stands for the stage kind's source text. @default "1" */
  readonly code?: string
  readonly output?: string
  readonly resources?: Resources
}

const inputRef = (given: string | ReadonlyArray<string>): Wiring.Wiring<ArtifactRef> =>
  typeof given === "string"
    ? { shape: "one", of: { instance: given, at: {} } }
    : { shape: "list", of: given.map((instance, i) => ({ instance, at: { i } })) }

const kindOf = (name: string): StageKind => {
  const kind = kinds[name]
  if (kind === undefined) throw new Error(name)
  return kind
}

/** All parameters of one of the tests' stage kinds, as a plan has them. */
export const paramsOf = (kind: string, given: Readonly<Record<string, Json>> = {}): Record<string, Json> => ({
  ...Object.fromEntries(
    Object.entries(kindOf(kind).params)
      .filter(([, param]) => param.default !== undefined)
      .map(([name, param]) => [name, param.default as Json])
  ),
  ...given
})

export const makeGraph = (specs: ReadonlyArray<StageSpec>): Graph => ({
  instances: specs.map((spec, order): StageInstance => {
    const kind = kindOf(spec.kind)
    const inputs = Object.fromEntries(Object.entries(spec.inputs ?? {}).map(([name, given]) => [name, inputRef(given)]))
    const params = paramsOf(spec.kind, spec.params)
    const instance: StageInstance = {
      id: spec.id,
      stage: spec.stage ?? spec.id,
      at: {},
      kind,
      output: spec.output ?? "Numbers",
      params,
      decoded: Result.getOrThrow(kind.decode(params, Wiring.counts(Object.keys(kind.inputs), inputs))),
      sources: {},
      inputs,
      needs: [],
      order,
      resources: spec.resources ?? {},
      retries: spec.retries ?? 0,
      timeoutSeconds: spec.timeoutSeconds,
      origins: {}
    }
    return { ...instance, needs: [...new Set([...upstreamOf(instance), ...(spec.needs ?? [])])] }
  })
})

export type TestOptions = Partial<Omit<RunRequest, "setupOf" | "onEvent">>

export const optionsFor = (
  specs: ReadonlyArray<StageSpec>,
  onEvent: (event: RunEvent) => void,
  options: TestOptions = {}
): RunRequest => ({
  projectDirectory: import.meta.dirname,
  experiment: "test.yaml",
  engine: Effect.succeed("wasm"),
  jobs: 4,
  retrySeconds: 0.02,
  ...options,
  onEvent,
  setupOf: (instance) => ({
    file: join(import.meta.dirname, "stages", `${instance.kind.name}.ts`),
    facts: {
      code: { digest: specs.find(({ id }) => id === instance.id)?.code ?? "1", packages: {} },
      sources: {},
      facts: {},
      numerics: { precision: "f32" }
    },
    notes: { codeFiles: {}, sources: {} },
    sources: {}
  })
})

/** How often each line was written by stages that started. */
export const tallyOf = (path: string): ReadonlyArray<string> => {
  try {
    return readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
  } catch {
    return []
  }
}

export const storeAt = (cache: string): Store["Service"] => makeLocalStore(cache)
