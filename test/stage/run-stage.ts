/** Runs a stage kind in this process as a worker does: inputs are opened from a store, what comes out is checked and put there. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../../src/artifact/artifact.ts"
import type { ArtifactKind } from "../../src/artifact/artifact-kind.ts"
import { openInputs } from "../../src/execute/worker/open-inputs.ts"
import { noEngine } from "../../src/execute/worker/no-engine.ts"
import { runInstances } from "../../src/execute/worker/run-instances.ts"
import type { Json } from "../../src/json/canonical-json.ts"
import type { Checkpoint } from "../../src/stage/checkpoint.ts"
import type { Opened } from "../../src/stage/input.ts"
import type { ResolvedSource } from "../../src/stage/source.ts"
import type { StageKind } from "../../src/stage/stage.ts"
import * as Wiring from "../../src/stage/wiring.ts"
import type { Store } from "../../src/store/store.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { folderArtifact, folderWriter } from "../artifact/folder-artifact.ts"

export const opened = <H>(kind: ArtifactKind<string, H>, artifact: Artifact) =>
  Effect.map(kind.open(artifact), (value): Opened<H> => ({ value, artifact, at: {} }))

const noCheckpoint: Checkpoint = { load: Effect.succeed(undefined), due: () => false, save: () => Effect.void }

/** Artifacts that are there already; what is ingested stays in its folder. */
const storeOf = (artifacts: ReadonlyArray<Artifact>): Pick<Store["Service"], "artifact" | "ingest"> => {
  const held = new Map(artifacts.map((artifact) => [artifact.digest, artifact]))
  return {
    artifact: (digest) => {
      const found = held.get(digest)
      return found === undefined ? Effect.die(`${digest} was not given`) : Effect.succeed(found)
    },
    ingest: ({ directory, kind, metrics, unmeasured = {} }) =>
      Effect.sync(() => {
        const artifact = { ...folderArtifact(directory, kind.name), metrics, unmeasured }
        held.set(artifact.digest, artifact)
        return artifact.digest
      })
  }
}

export type Given = Pick<Opened<unknown>, "artifact" | "at">

const wiringOf = (given: Given | ReadonlyArray<Given>): Wiring.Wiring<Given> =>
  "artifact" in given ? { shape: "one", of: given } : { shape: "list", of: given }

export interface StageOptions {
  readonly log?: (line: string) => void
  readonly checkpoint?: Checkpoint
  readonly progress?: (done: number) => void
  readonly sources?: Readonly<Record<string, ResolvedSource>>
}

export interface Instance {
  readonly inputs: Readonly<Record<string, Given | ReadonlyArray<Given> | undefined>>
  readonly directory: string
}

/** Several instances of a kind that its `group` puts together. Parameters left out take their defaults. */
export const runTogether = Effect.fn("runTogether")(function* (
  kind: StageKind,
  instances: ReadonlyArray<Instance>,
  params: Readonly<Record<string, unknown>>,
  more: StageOptions = {}
) {
  if ("fromParam" in kind.output) return yield* Effect.die("its output is a parameter's")
  const { output } = kind
  const wired = instances.map(({ inputs }) =>
    Object.fromEntries(
      Object.entries(inputs).flatMap(([name, given]) => (given === undefined ? [] : [[name, wiringOf(given)]]))
    )
  )
  const store = storeOf(
    wired.flatMap((wirings) =>
      Object.values(wirings)
        .flatMap(Wiring.items)
        .map(({ artifact }) => artifact)
    )
  )
  const checked = Object.entries(kind.params).map(([name, param]) => {
    const value = params[name] === undefined ? param.default : params[name]
    return [name, Schema.decodeUnknownSync(param.schema)(value) as Json] as const
  })
  const work = Effect.gen(function* () {
    const engine = kind.engine ? yield* Effect.orDie(loadEngine("auto")) : noEngine
    const contexts = yield* Effect.forEach(instances, ({ directory }, i) =>
      Effect.gen(function* () {
        const job = Object.fromEntries(
          Object.entries(wired[i] ?? {}).map(([name, wiring]) => [
            name,
            Wiring.map(wiring, ({ artifact, at }) => ({ digest: artifact.digest, at }))
          ])
        )
        return {
          params: Object.fromEntries(checked),
          sources: more.sources ?? {},
          facts: {},
          inputs: yield* openInputs(store, kind, job),
          wired: Wiring.counts(Object.keys(kind.inputs), job),
          leftOut: [],
          output: folderWriter(directory),
          progress: ({ done }: { readonly done: number }) => more.progress?.(done),
          log: more.log ?? (() => {}),
          checkpoint: more.checkpoint ?? noCheckpoint,
          engine,
          projectDirectory: process.cwd(),
          memory: null
        }
      })
    )
    return yield* runInstances(store, kind, output, contexts)
  })
  return (yield* Effect.scoped(work)).map(({ metrics, unmeasured }, i) => {
    const directory = instances[i]?.directory ?? ""
    return { metrics, unmeasured, artifact: { ...folderArtifact(directory, output.name), metrics, unmeasured } }
  })
})

/** One instance by itself. */
export const runStage = (
  kind: StageKind,
  inputs: Instance["inputs"],
  params: Readonly<Record<string, unknown>>,
  directory: string,
  more: StageOptions = {}
) =>
  Effect.flatMap(runTogether(kind, [{ inputs, directory }], params, more), ([done]) =>
    done === undefined ? Effect.die("no result") : Effect.succeed(done)
  )
