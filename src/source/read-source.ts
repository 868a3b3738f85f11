/**
 * Reads a file of a resolved source, hours perhaps after its digest entered a key: what is read must still be what was
 * hashed, else the result would stand under the key of another text.
 */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { stageFailed } from "../stage/stage-failed.ts"
import type { StageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource } from "../stage/stage.ts"

export const readSourceFile = (
  source: ResolvedSource,
  file: ResolvedSource["files"][number]
): Effect.Effect<Uint8Array<ArrayBuffer>, StageFailed> =>
  Effect.tryPromise({
    try: () => readFile(file.path),
    catch: (cause) => stageFailed(`source ${source.uri}: ${String(cause)}`, "put the file back and run again")
  }).pipe(
    Effect.filterOrFail(
      (bytes) => createHash("sha256").update(bytes).digest("hex") === file.sha256,
      () =>
        stageFailed(
          `source ${source.uri}: ${file.path} has changed since this run was planned`,
          "run again: the plan then takes the new content"
        )
    )
  )
