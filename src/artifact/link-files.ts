/** Files of an artifact that become files of another one as they are. */
import { open } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Artifact, ArtifactWriter } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"

/** What the store itself writes into every artifact. */
const own = ["artifact.json", "metrics.json"]
const pieceBytes = 4 * 1024 * 1024

const copyFile = Effect.fnUntraced(function* (artifact: Artifact, path: string, target: string) {
  const source = yield* artifact.open(path)
  yield* Effect.tryPromise({
    try: async () => {
      const file = await open(target, "w")
      try {
        for (let at = 0; at < source.size; at += pieceBytes) {
          await file.writeFile(await source.read(at, Math.min(pieceBytes, source.size - at)))
        }
      } finally {
        await file.close()
      }
    },
    catch: (cause) =>
      cause instanceof ArtifactError
        ? cause
        : new ArtifactError({ reason: "unwritable", digest: artifact.digest, path, detail: String(cause) })
  })
})

/** Puts `paths` (all files by default) of `artifact` into the output, below `prefix`; shared with the store where it can. */
export const linkFiles = Effect.fn("linkFiles")(function* (
  artifact: Artifact,
  output: ArtifactWriter,
  { prefix = "", paths }: { readonly prefix?: string; readonly paths?: ReadonlyArray<string> } = {}
) {
  const all = artifact.files.map(({ path }) => path).filter((path) => !own.includes(path))
  for (const path of paths ?? all) {
    const target = yield* output.path(`${prefix}${path}`)
    yield* artifact.link?.(path, target) ?? Effect.scoped(copyFile(artifact, path, target))
  }
})
