/** From a stage instance with known inputs to the job that a worker gets. */
import type { ArtifactRef, StageInstance } from "../plan/stage-instance.ts"
import * as Wiring from "../stage/wiring.ts"
import type { StoreDescription } from "../store/store-description.ts"
import type { WorkspaceName } from "../store/workspace.ts"
import type { Job, JobArtifact } from "../execute/job.ts"
import type { StageSetup } from "./run-options.ts"

/** Often enough to lose little, seldom enough to cost nothing. */
const CHECKPOINT_SECONDS = 20

const checkpointSeconds = (): number => {
  const wanted = Number(process.env["PIPELINE_CHECKPOINT_SECONDS"] || Number.NaN)
  return Number.isFinite(wanted) && wanted >= 0 ? wanted : CHECKPOINT_SECONDS
}

export interface JobParts {
  readonly instance: StageInstance
  readonly setup: StageSetup
  readonly key: string
  readonly store: StoreDescription
  readonly workspace: WorkspaceName
  readonly attempt: number
  readonly log: string
  readonly engine: Job["engine"]
  readonly projectDirectory: string
  readonly programs: Job["programs"]
  readonly digestOf: (instance: string) => string
}

export const buildJob = (parts: JobParts): Job => {
  const { instance, setup } = parts
  const artifactOf = (ref: ArtifactRef): JobArtifact => ({ digest: parts.digestOf(ref.instance), at: ref.at })
  return {
    id: instance.id,
    key: parts.key,
    file: setup.file,
    params: instance.params,
    sources: setup.sources,
    facts: setup.facts.facts,
    inputs: Object.fromEntries(
      Object.entries(instance.inputs).map(([name, wiring]) => [name, Wiring.map(wiring, artifactOf)])
    ),
    leftOut: instance.leftOut ?? [],
    output: instance.output,
    store: parts.store,
    workspace: parts.workspace,
    attempt: parts.attempt,
    checkpointSeconds: checkpointSeconds(),
    log: parts.log,
    engine: parts.engine,
    projectDirectory: parts.projectDirectory,
    memory: instance.origins["resources.memory"] === undefined ? null : (instance.resources.memory ?? null),
    programs: parts.programs
  }
}
