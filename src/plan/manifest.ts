/** From a stage instance, and what was found out about it, to the manifest that its key is the hash of. */
import type { Json } from "../json/canonical-json.ts"
import { KEY_FORMAT } from "./key.ts"
import type { InputDigest, KeyManifest } from "./key.ts"
import type { ArtifactRef, InputRef, StageInstance } from "./stage-instance.ts"

/** All of a key that does not depend on what stands above the instance in the graph. */
export interface KeyFacts {
  readonly code: KeyManifest["code"]
  /** Source name -> content digest. */
  readonly sources: Readonly<Record<string, string>>
  /** What the kind's own `facts` found. */
  readonly facts: Readonly<Record<string, Json>>
  readonly numerics: KeyManifest["numerics"]
}

/** Content digest of an instance's artifact by instance id; undefined while it is not known. */
export type DigestOf = (instance: string) => string | undefined

const refsOf = (input: InputRef): ReadonlyArray<ArtifactRef> => {
  switch (input.shape) {
    case "one":
      return [input.ref]
    case "list":
      return input.refs
    case "record":
      return Object.values(input.refs).flat()
  }
}

/** Ids of the instances whose artifacts are inputs: `needs` without those that are there for the order only. */
export const upstreamOf = (instance: StageInstance): ReadonlyArray<string> => [
  ...new Set(
    Object.values(instance.inputs)
      .flatMap(refsOf)
      .map((ref) => ref.instance)
  )
]

/** The manifest, or undefined while the digest of any input is not known. */
export const manifestOf = (instance: StageInstance, facts: KeyFacts, digestOf: DigestOf): KeyManifest | undefined => {
  if (upstreamOf(instance).some((id) => digestOf(id) === undefined)) return undefined
  const digest = (ref: ArtifactRef): string => digestOf(ref.instance) as string
  const list = (refs: ReadonlyArray<ArtifactRef>): InputDigest =>
    refs.map((ref) => ({ at: ref.at, digest: digest(ref) }))
  const inputs: Record<string, KeyManifest["inputs"][string]> = {}
  for (const [name, input] of Object.entries(instance.inputs)) {
    if (input.shape === "one") inputs[name] = digest(input.ref)
    else if (input.shape === "list") inputs[name] = list(input.refs)
    else {
      inputs[name] = Object.fromEntries(
        Object.entries(input.refs).map(([key, value]) => [key, "instance" in value ? digest(value) : list(value)])
      )
    }
  }
  return {
    format: KEY_FORMAT,
    kind: instance.kind.name,
    code: { digest: facts.code.digest, packages: facts.code.packages },
    params: instance.params,
    sources: facts.sources,
    inputs,
    facts: facts.facts,
    numerics: facts.numerics
  }
}
