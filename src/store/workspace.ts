/** What the owner of a key works in: fresh outputs, checkpoints of its own, and those that earlier owners left. */
import type { ArtifactWriter } from "../artifact/artifact.ts"
import type { Checkpoint } from "../stage/checkpoint.ts"
import type * as Effect from "effect/Effect"
import type { Unwritable } from "../file/unwritable.ts"

/** Names a workspace in jobs: JSON. Each owner of a key's lease has an epoch, and a workspace, of its own. */
export interface WorkspaceName {
  readonly key: string
  readonly epoch: number
}

export interface Workspace {
  /** An empty output for an attempt; what an earlier one with this number left is gone. */
  readonly output: (attempt: number) => Effect.Effect<ArtifactWriter, Unwritable>
  readonly checkpoint: (options: {
    /** At least so far apart; 0: whenever it is asked. */
    readonly everySeconds: number
    readonly log: (line: string) => void
  }) => Checkpoint
  /**
   * Notes what works in it outside of its owner's process, so that it outlives the owner: nothing of such a workspace is
   * removed before a commit. Undefined takes the note away.
   */
  readonly noteTask: (text: string | undefined) => Effect.Effect<void, Unwritable>
  /** The notes in the workspaces of all owners of the key, the latest first. */
  readonly notedTasks: Effect.Effect<ReadonlyArray<{ readonly name: WorkspaceName; readonly text: string }>>
}
