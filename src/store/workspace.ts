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
}
