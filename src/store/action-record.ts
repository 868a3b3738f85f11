/** The record "key -> digest". A hit needs nothing else. */
import type { Metrics } from "../artifact/artifact.ts"
import type { KeyRecord } from "../plan/key.ts"
import type { EngineInfo } from "../tensor/engine-info.ts"

export const ACTION_FORMAT = 1

export interface ActionRecord extends KeyRecord {
  readonly format: typeof ACTION_FORMAT
  readonly key: string
  /** 1, 2, ...: in order of commit. */
  readonly attempt: number
  /** Digest of the artifact. */
  readonly digest: string
  /** Artifact kind. */
  readonly output: string
  readonly metrics: Metrics
  /** The key stands for the digest of its latest canonical attempt: the first one, unless a later one was forced. */
  readonly canonical: boolean
  /** The bytes differ from what the key stood for when this attempt was committed. */
  readonly nondeterministic: boolean
  readonly seconds: number
  /** What computed it; null where no tensor engine was loaded. */
  readonly engine: EngineInfo | null
  /** For display: the instance, the run and the experiment that made it. */
  readonly stage: string
  readonly run: string
  readonly experiment: string
  /** The key whose result was accepted as this key's, where the author said that a code change alters nothing. */
  readonly acceptedFrom: string | null
}

/** What a caller states; the store adds the rest at commit. */
export type NewAction = Omit<ActionRecord, "format" | "attempt" | "canonical" | "nondeterministic">

export interface Commit {
  /** What the key stands for now. */
  readonly canonical: ActionRecord
  /** Whether the committed digest is the one that the key stood for before (or the first). */
  readonly agrees: boolean
}
