/** The claim on a key: one process at a time computes it. */
import type * as Effect from "effect/Effect"
import type { WorkspaceName } from "./workspace.ts"

export interface KeyClaim {
  readonly workspace: WorkspaceName
  /** An earlier owner, or this one's last attempt, left a checkpoint to go on from. */
  readonly resumes: Effect.Effect<boolean>
  /** Completes when another owner has overtaken us: we were taken for dead, for example after a suspend. */
  readonly lost: Effect.Effect<void>
  /** Looks whether it is still ours. Asked right before a commit: who was paused for long may have a successor. */
  readonly held: Effect.Effect<boolean>
}

export type KeyAttempt =
  | { readonly _tag: "held"; readonly claim: KeyClaim }
  /** `owner` for people: "process 4711 on host a, for sae[width=512] of run ...". */
  | { readonly _tag: "busy"; readonly owner: string }
