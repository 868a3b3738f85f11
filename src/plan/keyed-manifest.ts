/** The key of a stage instance with its manifest, made once: a plan asks for it, and so does each step of the run. */
import { type KeyManifest, keyOf } from "./key.ts"
import { type DigestOf, type KeyFacts, manifestOf, upstreamOf } from "./manifest.ts"
import type { StageInstance } from "./stage-instance.ts"

export interface KeyedManifest {
  readonly key: string
  readonly manifest: KeyManifest
}

interface Made {
  readonly facts: KeyFacts
  /** Of the inputs, in order. */
  readonly digests: string
  readonly result: KeyedManifest
}

const made = new WeakMap<StageInstance, Made>()

/** Undefined while the digest of an input is not known. */
export const keyedManifest = (
  instance: StageInstance,
  facts: KeyFacts,
  digestOf: DigestOf
): KeyedManifest | undefined => {
  const digests = upstreamOf(instance).map(digestOf).join()
  const before = made.get(instance)
  if (before?.facts === facts && before.digests === digests) return before.result
  const manifest = manifestOf(instance, facts, digestOf)
  if (manifest === undefined) return undefined
  const result: KeyedManifest = { key: keyOf(manifest), manifest }
  made.set(instance, { facts, digests, result })
  return result
}
