/**
 * What a stage kind is made of.
 *
 * @module sae-pipeline/stage
 */
/** A stage kind and what it declares: `Stage.make`, its inputs, what `run` sees. */
export * as Stage from "../stage/stage.ts"
/** Parameters of a stage kind: schemas with the words that help, errors and editors need. One without a default is required. */
export * as Param from "../stage/param.ts"
export { StageFailed, stageFailed } from "../stage/stage-failed.ts"
export { ArtifactError } from "../artifact/artifact-error.ts"
export { estimated, measured } from "../stage/metric.ts"
export type { Estimate, MetricInfo, Unmeasured } from "../stage/metric.ts"
export type { Artifact, ArtifactFile, ArtifactWriter, Metrics, VerifiedFile } from "../artifact/artifact.ts"
export type { Checkpoint, CheckpointState } from "../stage/checkpoint.ts"
export type { Coordinates } from "../stage/coordinates.ts"
export type { Input } from "../stage/input.ts"
export type { Decoded, ParamProblem } from "../stage/param-problem.ts"
export type { Progress } from "../stage/progress.ts"
export type { Resources } from "../stage/resources.ts"
export type { ResolvedSource, Source, SourceFile } from "../stage/source.ts"
