/** Runs a stage kind in this process on opened inputs, as the worker would. */
import * as Effect from "effect/Effect"
import type { Artifact } from "../../src/artifact/artifact.ts"
import type { ArtifactKind } from "../../src/artifact/artifact-kind.ts"
import type { Checkpoint } from "../../src/stage/checkpoint.ts"
import type { Opened } from "../../src/stage/input.ts"
import type { Json } from "../../src/json/canonical-json.ts"
import type { InstanceContext, StageKind } from "../../src/stage/stage.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { folderArtifact, folderWriter } from "../artifact/folder-artifact.ts"

export const opened = <H>(kind: ArtifactKind<string, H>, artifact: Artifact) =>
  Effect.map(kind.open(artifact), (value): Opened<H> => ({ value, artifact, at: {} }))

const noCheckpoint: Checkpoint = { load: Effect.succeed(undefined), due: () => false, save: () => Effect.void }

/** Parameters left out take their defaults. */
export const runStage = Effect.fn("runStage")(function* (
  kind: StageKind,
  inputs: Readonly<Record<string, unknown>>,
  params: Readonly<Record<string, unknown>>,
  directory: string,
  more: {
    readonly log?: (line: string) => void
    readonly checkpoint?: Checkpoint
    readonly progress?: (done: number) => void
  } = {}
) {
  const defaults = Object.fromEntries(Object.entries(kind.params).map(([name, param]) => [name, param.default]))
  const lists = Object.entries(kind.inputs).flatMap(([name, { mayBeLeftOut }]) => (mayBeLeftOut ? [[name, []]] : []))
  const context: InstanceContext = {
    params: { ...defaults, ...params } as Readonly<Record<string, Json>>,
    sources: {},
    facts: {},
    inputs: { ...Object.fromEntries(lists), ...inputs },
    wired: Object.fromEntries(Object.keys(kind.inputs).map((name) => [name, [inputs[name] ?? []].flat().length])),
    output: folderWriter(directory),
    progress: ({ done }) => more.progress?.(done),
    log: more.log ?? (() => {}),
    checkpoint: more.checkpoint ?? noCheckpoint,
    engine: yield* Effect.orDie(loadEngine("auto")),
    projectDirectory: process.cwd()
  }
  const [metrics = {}] = yield* Effect.scoped(kind.run([context]))
  return { metrics, artifact: folderArtifact(directory, "name" in kind.output ? kind.output.name : "") }
})
