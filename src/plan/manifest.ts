/** From a stage instance, and what was found out about it, to the manifest that its key is the hash of. */
import type { Json } from "../json/canonical-json.ts"
import { KEY_FORMAT } from "./key.ts"
import type { InputDigests, InputItem, KeyManifest } from "./key.ts"
import type { Params } from "../stage/param.ts"
import * as Wiring from "../stage/wiring.ts"
import type { ArtifactRef, StageInstance } from "./stage-instance.ts"

/** All of a key that does not depend on what stands above the instance in the graph. */
export interface KeyFacts {
  readonly code: KeyManifest["code"]
  /** Source name -> content digest. */
  readonly sources: Readonly<Record<string, string>>
  /** What the kind's own `facts` found. */
  readonly facts: Readonly<Record<string, Json>>
  readonly numerics: KeyManifest["numerics"]
}

/**
 * Parameters as a key holds them: those that are null, which is what every parameter that may be left out has for a default,
 * are not there. So a kind that gets another such parameter keeps its keys, as far as its code does. Nor are those that change
 * no bit of the result.
 */
export const keyParams = (params: KeyManifest["params"], declared: Params = {}): KeyManifest["params"] =>
  Object.fromEntries(
    Object.entries(params).filter(([name, value]) => value !== null && declared[name]?.inKey !== false)
  )

/** Content digest of an instance's artifact by instance id; undefined while it is not known. */
export type DigestOf = (instance: string) => string | undefined

/** Ids of the instances whose artifacts are inputs: `needs` without those that are there for the order only. */
export const upstreamOf = (instance: StageInstance): ReadonlyArray<string> => [
  ...new Set(
    Object.values(instance.inputs)
      .flatMap(Wiring.items)
      .map((ref) => ref.instance)
  )
]

/** The manifest, or undefined while the digest of any input is not known. */
export const manifestOf = (instance: StageInstance, facts: KeyFacts, digestOf: DigestOf): KeyManifest | undefined => {
  if (upstreamOf(instance).some((id) => digestOf(id) === undefined)) return undefined
  const digest = (ref: ArtifactRef): string => digestOf(ref.instance) as string
  const item = (ref: ArtifactRef): InputItem => ({ at: ref.at, digest: digest(ref) })
  const inputs: Record<string, InputDigests> = {}
  for (const [name, wiring] of Object.entries(instance.inputs)) inputs[name] = Wiring.plain(wiring, digest, item)
  return {
    format: KEY_FORMAT,
    kind: instance.kind.name,
    code: { digest: facts.code.digest, packages: facts.code.packages },
    params: keyParams(instance.params, instance.kind.params),
    sources: facts.sources,
    inputs,
    ...(instance.leftOut === undefined ? {} : { leftOut: instance.leftOut }),
    facts: facts.facts,
    numerics: facts.numerics
  }
}
