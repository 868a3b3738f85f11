/** The store in a folder. Making one touches nothing: folders appear with the first write. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ArtifactError } from "../artifact/artifact-error.ts"
import { canonicalOf, commitAction, readActions } from "./action-log.ts"
import type { OnLoss } from "./artifact-reader.ts"
import { findLosses } from "./find-losses.ts"
import { ingest } from "./ingest.ts"
import { readLastKeys } from "./last-keys.ts"
import { listArtifacts } from "./list-artifacts.ts"
import { readRuns } from "./run-directory.ts"
import { openArtifact } from "./stored-artifact.ts"
import { Store } from "./store.ts"
import { unwritable } from "./store-unwritable.ts"
import { verifyStore } from "./verify-store.ts"

export interface FileStoreOptions {
  /** Told of every file of an artifact that a reader could not get as it was. */
  readonly onLoss?: OnLoss
}

export const makeFileStore = (directory: string, options: FileStoreOptions = {}): Store["Service"] => {
  const onLoss = options.onLoss ?? (() => {})
  return Store.of({
    directory,
    action: (key) => Effect.promise(() => readActions(directory, key)).pipe(Effect.map(canonicalOf)),
    actions: (key) => Effect.promise(() => readActions(directory, key)),
    commit: (action, { force = false } = {}) =>
      Effect.tryPromise({ try: () => commitAction(directory, action, force), catch: unwritable(directory) }),
    artifact: (digest) => openArtifact(directory, digest, onLoss),
    losses: (digest) => Effect.promise(() => findLosses(directory, digest)),
    ingest: (output) =>
      Effect.tryPromise({
        try: () => ingest(directory, output),
        catch: (cause) => (cause instanceof ArtifactError ? cause : unwritable(output.directory)(cause))
      }),
    list: Effect.promise(() => listArtifacts(directory)),
    verify: (onProgress = () => {}) =>
      Effect.tryPromise({ try: () => verifyStore(directory, onProgress), catch: unwritable(directory) }),
    lastKeys: (experiment) => Effect.promise(() => readLastKeys(directory, experiment)),
    runs: Effect.promise(() => readRuns(directory))
  })
}

export const layer = (directory: string): Layer.Layer<Store> => Layer.sync(Store, () => makeFileStore(directory))
