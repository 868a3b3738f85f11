/** The fresh directory that a stage writes its output into. */
import { writeFile } from "node:fs/promises"
import { dirname, isAbsolute, join, normalize } from "node:path"
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import { asUnwritable } from "../../file/unwritable.ts"
import { makeDirectory } from "../../file/make-directory.ts"

/** What the store writes into every artifact: a stage's own file of that name would be lost. */
const reserved: ReadonlyArray<string> = ["artifact.json", "metrics.json"]

export const makeArtifactWriter = (directory: string): ArtifactWriter => {
  const failed = (path: string, reason: ArtifactError["reason"], detail: string): ArtifactError =>
    new ArtifactError({ reason, digest: "", path, detail })

  const place = async (relative: string): Promise<string> => {
    const clean = normalize(relative)
    if (isAbsolute(clean) || clean === "." || clean === ".." || clean.startsWith("../")) {
      throw failed(relative, "invalid", "a file of an artifact is named by a path below it")
    }
    if (reserved.includes(clean)) {
      throw failed(relative, "invalid", "it is written from what `run` returns; give your file another name")
    }
    const path = join(directory, clean)
    await makeDirectory(dirname(path))
    return path
  }

  const attempt = <A>(relative: string, run: () => Promise<A>): Effect.Effect<A, ArtifactError> =>
    Effect.tryPromise({
      try: run,
      catch: (cause) => {
        if (cause instanceof ArtifactError) return cause
        const refused = asUnwritable(cause, join(directory, relative))
        if (refused !== undefined) return failed(relative, "unwritable", refused.message)
        throw cause
      }
    })

  const write: ArtifactWriter["write"] = (relative, content) =>
    attempt(relative, async () => writeFile(await place(relative), content))

  return {
    directory,
    path: (relative) => attempt(relative, () => place(relative)),
    write,
    writeJson: (relative, value) => Effect.suspend(() => write(relative, `${canonicalJson(value)}\n`))
  }
}
