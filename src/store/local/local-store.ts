/** The store in a folder, which may be shared by machines. Making one touches nothing: folders appear with the first write. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { Commit, NewAction } from "../action-record.ts"
import { Store } from "../store.ts"
import type { StoreDescription } from "../store-description.ts"
import { unwritable } from "../../file/unwritable.ts"
import { canonicalOf, commitAction, type KnownActions, readActions, retractAction } from "./action-log.ts"
import type { OnLoss } from "./artifact-reader.ts"
import { claimKey, keyOwner } from "./claim-key.ts"
import { findLosses } from "./find-losses.ts"
import { ingest } from "./ingest.ts"
import { latestRecords } from "./latest-records.ts"
import { addLastKeys, readLastKeys } from "./last-keys.ts"
import { listArtifacts } from "./list-artifacts.ts"
import { readRuns } from "./read-runs.ts"
import { makeSettling, settleArtifacts } from "./settle.ts"
import { startRun } from "./start-run.ts"
import { openArtifact } from "./stored-artifact.ts"
import { verifyStore } from "./verify-store.ts"
import { dropWorkspaces, openWorkspace } from "./workspace-folder.ts"

export interface LocalStoreOptions {
  /** Told of every file of an artifact that a reader could not get as it was. */
  readonly onLoss?: OnLoss
}

export const makeLocalStore = (directory: string, options: LocalStoreOptions = {}): Store["Service"] => {
  const onLoss = options.onLoss ?? (() => {})
  const known: KnownActions = new Map()
  const settling = makeSettling(directory)
  const commit = async (action: NewAction, force: boolean, settle: "now" | "soon"): Promise<Commit> => {
    if (settle === "now") {
      // Also what this result may have been made from: it is of no use should that come out otherwise next time.
      await settling.now()
      await settleArtifacts(directory, [action.digest])
    }
    const done = await commitAction(directory, action, force, settle)
    if (settle === "soon") settling.later(done.canonical)
    return done
  }
  return Store.of({
    description: { kind: "local", directory },
    action: (key) =>
      Effect.map(
        Effect.promise(() => readActions(directory, key, known)),
        canonicalOf
      ),
    actions: (key) => Effect.promise(() => readActions(directory, key)),
    commit: (action, { force = false, settle = "now" } = {}) =>
      Effect.tryPromise({ try: () => commit(action, force, settle), catch: unwritable(directory) }),
    settled: Effect.tryPromise({ try: settling.now, catch: unwritable(directory) }),
    retract: (key, attempt) =>
      Effect.tryPromise({ try: () => retractAction(directory, key, attempt), catch: unwritable(directory) }),
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
    claim: (key, purpose) => claimKey(directory, key, purpose),
    owner: (key) => keyOwner(directory, key),
    workspace: (name) => openWorkspace(directory, name),
    dropWorkspaces: (name) => Effect.promise(() => dropWorkspaces(directory, name).catch(() => {})),
    lastKeys: (experiment) => Effect.promise(() => readLastKeys(directory, experiment)),
    latest: Effect.promise(() => latestRecords(directory)),
    rememberKeys: (experiment, keys) => Effect.promise(() => addLastKeys(directory, experiment, keys).catch(() => {})),
    startRun: (plan) => startRun(directory, plan),
    runs: Effect.promise(() => readRuns(directory))
  })
}

/** As a worker opens it. */
export const openStore = ({ directory }: StoreDescription, options: LocalStoreOptions): Store["Service"] =>
  makeLocalStore(directory, options)

export const layer = (directory: string): Layer.Layer<Store> => Layer.sync(Store, () => makeLocalStore(directory))
