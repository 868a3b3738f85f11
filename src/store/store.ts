/**
 * The artifact store: what a cache folder holds, as the rest of the program sees it.
 *
 * Objects are immutable blobs named by their sha256; an action record is the commit point. Readers take no lock.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Artifact, Metrics, UnmeasuredMetrics } from "../artifact/artifact.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ActionRecord, Commit, NewAction } from "./action-record.ts"
import type { Json } from "../json/canonical-json.ts"
import type { KeyAttempt } from "./key-claim.ts"
import type { RunRecord, RunSummary } from "./run-record.ts"
import type { StoreDescription } from "./store-description.ts"
import type { Workspace, WorkspaceName } from "./workspace.ts"
import type { RemoteFailed } from "../remote/port/remote-failed.ts"
import type { Unwritable } from "../file/unwritable.ts"

/** A file that an artifact lists and that cannot be read as it was. */
export interface Loss {
  readonly reason: "missing" | "damaged"
  readonly digest: string
  readonly path: string
  readonly blob: string
}

/** A row of `pipeline cache ls`. */
export interface StoredArtifact {
  readonly digest: string
  /** Name of the artifact kind. */
  readonly kind: string
  /** Bytes of all its files; null where the list of its files is gone. */
  readonly size: number | null
  readonly files: number | null
  /** Bytes that are in the store now: blobs that are shared count in each artifact. */
  readonly present: number
  readonly keys: ReadonlyArray<{
    readonly key: string
    readonly stage: string
    readonly experiment: string
    readonly canonical: boolean
    readonly seconds: number
    /** That made it. Its id begins with the time. */
    readonly run: string
    readonly params: Readonly<Record<string, Json>>
  }>
}

export interface VerifyReport {
  readonly objects: number
  readonly bytes: number
  readonly actions: number
  /** What was found wrong; damaged files are in quarantine now. */
  readonly damaged: ReadonlyArray<{
    readonly what: "blob" | "action"
    /** sha256 of the blob, or `<key>/<attempt>`. */
    readonly name: string
    /** Artifacts that list the blob, and the path there. */
    readonly usedBy: ReadonlyArray<{ readonly digest: string; readonly path: string }>
    readonly quarantine: string
  }>
}

export class Store extends Context.Service<
  Store,
  {
    /** What a worker opens this store by. */
    readonly description: StoreDescription
    /** What the key stands for; undefined is a miss. A damaged record goes to quarantine and is none. */
    readonly action: (key: string) => Effect.Effect<ActionRecord | undefined, RemoteFailed>
    /** All attempts of a key, in order of commit. */
    readonly actions: (key: string) => Effect.Effect<ReadonlyArray<ActionRecord>>
    /**
     * The commit point: by exclusive link. `force` makes the new attempt the canonical one. From then on a killed process costs
     * nothing, and nor does a power cut; with `settle: "soon"` only from `settled` on, or from the next commit without it.
     */
    readonly commit: (
      action: NewAction,
      options?: { readonly force?: boolean; readonly settle?: "now" | "soon" }
    ) => Effect.Effect<Commit, Unwritable>
    readonly settled: Effect.Effect<void, Unwritable>
    /** Takes an attempt of a key back, as if it had never been committed: an acceptance that was a mistake. */
    readonly retract: (key: string, attempt: number) => Effect.Effect<void, Unwritable>
    /** Opens an artifact; every byte that it gives has been checked. */
    readonly artifact: (
      digest: string,
      options?: {
        /** Take what is missing from the remote behind the store. @default true */
        readonly fetch?: boolean
      }
    ) => Effect.Effect<Artifact, ArtifactError | RemoteFailed>
    /**
     * What of an artifact is gone, told by names and sizes, without reading it. Wrong sizes go to quarantine. A store with
     * others behind it first takes what it lacks from there.
     *
     * @param onFetch told from where, before anything is fetched
     */
    readonly losses: (
      digest: string,
      onFetch?: (place: string) => Effect.Effect<void>
    ) => Effect.Effect<ReadonlyArray<Loss>, Unwritable | RemoteFailed>
    /** Moves a finished directory into the objects; gives the digest of the artifact. The directory is gone afterwards. */
    readonly ingest: (options: {
      readonly directory: string
      readonly kind: { readonly name: string; readonly version: number }
      readonly metrics: Metrics
      readonly unmeasured?: UnmeasuredMetrics
    }) => Effect.Effect<string, Unwritable | ArtifactError>
    readonly list: Effect.Effect<ReadonlyArray<StoredArtifact>>
    /** Reads everything. */
    readonly verify: (
      onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void
    ) => Effect.Effect<VerifyReport, Unwritable>
    /** Never waits: a caller that wants to does so by asking again. The claim ends with the scope. */
    readonly claim: (key: string, purpose: string) => Effect.Effect<KeyAttempt, Unwritable | RemoteFailed, Scope.Scope>
    /** Who holds the claim on a key now, for people; undefined where it is free. */
    readonly owner: (key: string) => Effect.Effect<string | undefined>
    /** Of the owner that a job names. Touches nothing until it is used. */
    readonly workspace: (name: WorkspaceName) => Workspace
    /** After a commit: its owner's workspace, and those of earlier ones. What cannot be removed stays, and harms nobody. */
    readonly dropWorkspaces: (name: WorkspaceName) => Effect.Effect<void>
    /** Instance id -> key that it had when the experiment last had a result for it. */
    readonly lastKeys: (experiment: string) => Effect.Effect<Readonly<Record<string, string>>>
    /** Latest results of all experiments, some hundreds at most: what a new one is compared with. */
    readonly latest: Effect.Effect<ReadonlyArray<ActionRecord>>
    /** Adds to them. It only costs an explanation where that fails, so it never does. */
    readonly rememberKeys: (experiment: string, keys: Readonly<Record<string, string>>) => Effect.Effect<void>
    /** Where nothing can be written there is no record of the run, and it goes on. */
    readonly startRun: (plan: Readonly<Record<string, Json>>) => Effect.Effect<RunRecord, never, Scope.Scope>
    /** Newest first. */
    readonly runs: Effect.Effect<ReadonlyArray<RunSummary>>
  }
>()("pipeline/Store") {}
