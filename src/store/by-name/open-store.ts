/** Opens a store that a job describes: `local` by `src/store/local/local-store.ts`. A further kind of store is one such file. */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import { codeEnding } from "../../project/code-ending.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { Store } from "../store.ts"
import type { StoreDescription } from "../store-description.ts"

interface StoreModule {
  readonly openStore: (
    description: StoreDescription,
    options: { readonly onLoss?: (error: ArtifactError) => void }
  ) => Store["Service"]
}

export const openStore = Effect.fnUntraced(function* (
  description: StoreDescription,
  options: Parameters<StoreModule["openStore"]>[1] = {}
) {
  const { kind } = description
  const url = new URL(`../${kind}/${kind}-store${codeEnding}`, import.meta.url)
  if (!/^[a-z][a-z0-9-]*$/.test(kind) || !existsSync(fileURLToPath(url))) {
    return yield* stageFailed(`there is no kind of store "${kind}"`, "Use one version of the program on all machines.")
  }
  const module = yield* Effect.promise(() => import(url.href) as Promise<StoreModule>)
  return module.openStore(description, options)
})
