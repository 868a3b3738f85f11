/** What computing a key is asked, and what it comes to. */
import type { Reason } from "../plan/explain.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { ActionRecord } from "../store/action-record.ts"
import type { Place } from "../execute/executor.ts"

export interface ComputeRequest {
  readonly instance: StageInstance
  readonly reasons: ReadonlyArray<Reason>
  /** Set where the result is known and only its bytes are wanted again: the stage that needs them. */
  readonly restores: string | null
  /** Held in the queue since the instance became ready; absent for a restored producer. */
  readonly place?: Place
}

export type Computed =
  /** `hit`: another process did it. */
  | { readonly status: "ran" | "hit"; readonly action: ActionRecord; readonly seconds: number }
  | { readonly status: "failed"; readonly problem: string; readonly seconds: number }
  | { readonly status: "skipped"; readonly problem: string }
