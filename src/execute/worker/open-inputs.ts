/** Opens the inputs of a job by the artifact kinds that its stage kind declares. */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { Input, Opened } from "../../stage/input.ts"
import type { StageKind } from "../../stage/stage.ts"
import * as Wiring from "../../stage/wiring.ts"
import type { Store } from "../../store/store.ts"
import type { Job, JobArtifact } from "../job.ts"

const openAs = (artifact: Artifact, input: Input) => {
  if (input.kind === undefined) return Effect.succeed<unknown>(artifact)
  if (artifact.kind === input.kind.name) return input.kind.open(artifact)
  return Effect.fail(
    new ArtifactError({
      reason: "invalid",
      digest: artifact.digest,
      path: "artifact.json",
      detail: `it is of the kind ${artifact.kind}, and ${input.kind.name} is wanted`
    })
  )
}

export const openInputs = Effect.fn("openInputs")(function* (
  store: Pick<Store["Service"], "artifact">,
  kind: StageKind,
  given: Job["inputs"]
) {
  const openOne = Effect.fnUntraced(function* (input: Input, { digest, at }: JobArtifact) {
    const artifact = yield* store.artifact(digest)
    const opened: Opened<unknown> = { value: yield* openAs(artifact, input), artifact, at }
    return opened
  })
  const openInput = (input: Input, wiring: Wiring.Wiring<JobArtifact> | undefined) => {
    // What was not given is absent: nothing for an optional input, empty for the others.
    if (wiring === undefined)
      return Effect.succeed(input.shape === "list" ? [] : input.shape === "record" ? {} : undefined)
    const opened = Wiring.traverse(wiring, (artifact) => openOne(input, artifact))
    return Effect.map(opened, (all) => Wiring.plain(all, identity, identity))
  }

  const inputs: Record<string, unknown> = {}
  for (const [name, input] of Object.entries(kind.inputs)) {
    inputs[name] = yield* openInput(input, given[name])
  }
  return inputs
})
