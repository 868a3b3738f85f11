import type { ArtifactWriter } from "../artifact/artifact.ts"
import type { Json } from "../json/canonical-json.ts"
import type { EngineInfo } from "../tensor/engine-info.ts"
import type { Checkpoint } from "./checkpoint.ts"
import type { Progress } from "./progress.ts"

/** What `run` of a stage kind receives; its types follow from the declaration. */
export interface StageContext<out P, out S, out I, out D = unknown> {
  /** As they stand in the file, defaults filled in. */
  readonly params: P
  /** What the kind's `decode` made of them; undefined for a kind without one. */
  readonly settings: D
  readonly sources: S
  readonly inputs: I
  /** Ids of stages whose results are missing at inputs that may lack some, because they failed. */
  readonly leftOut: ReadonlyArray<string>
  readonly output: ArtifactWriter
  readonly progress: (progress: Progress) => void
  /** A line for the stage's log. */
  readonly log: (line: string) => void
  readonly checkpoint: Checkpoint
  /** The loaded engine (the tfjs backend is set), for kinds with `engine: true`. */
  readonly engine: EngineInfo
  /** The project folder, for stages that run files of the user. */
  readonly projectDirectory: string
  /** Bytes that the file says the stage takes (`resources: { memory }`): then no estimate refuses it; null where it says nothing. */
  readonly memory: number | null
  /** What the kind's own `facts` found at plan time: files may have changed since, and the key holds these. */
  readonly facts: Readonly<Record<string, Json>>
}
