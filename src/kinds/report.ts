/** A report: one HTML file that needs nothing else, `report.html`. */
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"
import { makeKind } from "../artifact/artifact-kind.ts"

export const reportFileName = "report.html"

export interface ReportHandle {
  readonly html: Effect.Effect<string, ArtifactError>
}

export const Report = makeKind({
  name: "Report",
  version: 1,
  description: "a self-contained web page about the SAEs of an experiment",
  open: (artifact: Artifact): Effect.Effect<ReportHandle, ArtifactError> =>
    artifact.has(reportFileName)
      ? Effect.succeed({ html: artifact.readText(reportFileName) })
      : Effect.fail(
          new ArtifactError({
            reason: "invalid",
            digest: artifact.digest,
            path: reportFileName,
            detail: "a Report has this file"
          })
        )
})
