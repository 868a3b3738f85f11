/** Where a result comes from and what it cost: kept in its action record, in no key and in no artifact. */
import * as Schema from "effect/Schema"
import { GitState } from "../project/git-state.ts"

/** The engine and the seconds are fields of the record itself; the packages that compute stand in its manifest. */
export const Provenance = Schema.Struct({
  /** Of the project when the stage started; null where it is in no git repository. */
  code: Schema.NullOr(GitState),
  /** Version of this package. */
  version: Schema.String,
  node: Schema.String,
  /** Name of the machine. */
  host: Schema.String,
  /** "cpu", "gpu0", ... */
  device: Schema.String,
  /** Of all threads, and of programs that the stage ran and waited for. What is done in one pass is shared equally. */
  cpuSeconds: Schema.Finite,
  /** Seconds times the GPUs that it held. */
  gpuSeconds: Schema.Finite,
  /** Bytes that the worker's process held at most, for all that it did in one pass; without programs that it started. */
  peakMemory: Schema.Int,
  /** Files of the project that it read and that are not in its key, some of them where there are many; absent: none were seen. */
  undeclared: Schema.optionalKey(Schema.Array(Schema.String))
})
export type Provenance = typeof Provenance.Type
