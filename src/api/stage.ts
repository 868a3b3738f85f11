/**
 * What a stage kind is made of.
 *
 * @module sae-pipeline/stage
 */
export * as Param from "../stage/param.ts"
export * as Stage from "../stage/stage.ts"
export { StageFailed, stageFailed } from "../stage/stage-failed.ts"
export { ArtifactError } from "../artifact/artifact-error.ts"
export type { Artifact, ArtifactFile, ArtifactWriter, Metrics, VerifiedFile } from "../artifact/artifact.ts"
export { measured } from "../stage/metric.ts"
export type { Unmeasured } from "../stage/metric.ts"
