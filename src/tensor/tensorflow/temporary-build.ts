/** A folder to build in, on the disk of the engines, gone with the scope; what killed processes left of theirs goes too. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { makeDirectory } from "../../file/make-directory.ts"
import { attempt } from "./install-step.ts"
import { enginesFolder } from "./tensorflow-recipe.ts"

const PREFIX = ".build-"
/** A build takes minutes on most networks; a folder this old belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 6 * 3600 * 1000

const removeAbandoned = (root: string) =>
  attempt("removing abandoned builds", async () => {
    await makeDirectory(root)
    for (const name of await readdir(root)) {
      if (!name.startsWith(PREFIX)) continue
      const path = join(root, name)
      const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
      if (age > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
    }
  })

export const temporaryBuild = Effect.suspend(() => {
  const root = enginesFolder()
  const made = Effect.andThen(
    removeAbandoned(root),
    attempt(`making a folder in ${root}`, () => mkdtemp(join(root, PREFIX)))
  )
  return Effect.acquireRelease(made, (path) =>
    Effect.promise(() => rm(path, { recursive: true, force: true }).catch(() => {}))
  )
})
