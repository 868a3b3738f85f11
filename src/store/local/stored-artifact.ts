/** An artifact in the store, as stages and commands see it: no byte comes out that has not been checked. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { schemaFault } from "../../json/schema-fault.ts"
import type { Artifact, ArtifactFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { makeArtifactReader } from "./artifact-reader.ts"
import type { ArtifactReader, OnLoss } from "./artifact-reader.ts"
import type { Tree } from "./tree.ts"

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, ArtifactError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => {
      if (cause instanceof ArtifactError) return cause
      throw cause
    }
  })

const About = Schema.fromJsonString(
  Schema.Struct({
    kind: Schema.String,
    unmeasured: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
  })
)
const MetricsFile = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Finite))

const readJson = async <A>(
  reader: ArtifactReader,
  tree: Tree,
  path: string,
  schema: Schema.Codec<A, string>
): Promise<A> => {
  const file = tree.files.find((candidate) => candidate.path === path)
  if (file === undefined) throw reader.error("invalid", path, "the artifact does not have it")
  const decoded = Schema.decodeResult(schema)(new TextDecoder().decode(await reader.read(file)))
  if (Result.isFailure(decoded)) throw reader.error("invalid", path, schemaFault(decoded.failure))
  return decoded.success
}

export const openArtifact = (root: string, digest: string, onLoss: OnLoss): Effect.Effect<Artifact, ArtifactError> =>
  attempt(async () => {
    const reader = makeArtifactReader(root, digest, onLoss)
    const tree = await reader.tree()
    const { kind, unmeasured = {} } = await readJson(reader, tree, "artifact.json", About)
    const metrics = await readJson(reader, tree, "metrics.json", MetricsFile)
    const files = new Map(tree.files.map((file) => [file.path, file]))
    const find = (path: string): Effect.Effect<ArtifactFile, ArtifactError> => {
      const file = files.get(path)
      return file === undefined
        ? Effect.fail(reader.error("invalid", path, "the artifact has no such file"))
        : Effect.succeed(file)
    }
    const read: Artifact["read"] = (path) => Effect.flatMap(find(path), (file) => attempt(() => reader.read(file)))
    const artifact: Artifact = {
      digest,
      kind,
      metrics,
      unmeasured,
      files: tree.files,
      has: (path) => files.has(path),
      read,
      readText: (path) => Effect.map(read(path), (bytes) => new TextDecoder().decode(bytes)),
      open: (path) =>
        Effect.flatMap(find(path), (file) =>
          Effect.acquireRelease(
            attempt(() => reader.open(file)),
            ({ handle }) => Effect.promise(() => handle.close())
          )
        ).pipe(Effect.map(({ verified }) => verified)),
      link: (path, target) => Effect.flatMap(find(path), (file) => attempt(() => reader.link(file, target))),
      copyTo: (directory) =>
        Effect.forEach(tree.files, (file) => attempt(() => reader.copy(file, directory)), { discard: true })
    }
    return artifact
  })
