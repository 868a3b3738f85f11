/** Reads one JSON file of an artifact through a schema: what does not fit is an invalid artifact, with the place. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "./artifact.ts"
import { noJson, parseJson } from "../json/json-text.ts"
import { schemaFault } from "../json/schema-fault.ts"
import { ArtifactError } from "./artifact-error.ts"

export const readJsonFile = <A, I>(
  artifact: Artifact,
  path: string,
  schema: Schema.Codec<A, I>
): Effect.Effect<A, ArtifactError> =>
  artifact.readText(path).pipe(
    Effect.flatMap((text) => {
      const invalid = (detail: string) =>
        new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
      const json = parseJson(text)
      if (!json.ok) return Effect.fail(invalid(noJson(json.place)))
      return Schema.decodeUnknownEffect(schema)(json.value).pipe(
        Effect.mapError((error) => invalid(schemaFault(error)))
      )
    })
  )
