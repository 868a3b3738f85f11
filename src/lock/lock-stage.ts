/** What a lock says of a stage instance, made from what was planned of it and what came out. */
import { createHash } from "node:crypto"
import { canonicalJson, type Json } from "../json/canonical-json.ts"
import { keyOf, type KeyNotes } from "../plan/key.ts"
import { type DigestOf, type KeyFacts, keyParams, manifestOf } from "../plan/manifest.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import { absoluteTolerance, intervalOf, type MetricInfos } from "../stage/metric.ts"
import type { ActionRecord } from "../store/action-record.ts"
import type { LockedMetric, LockedSource, LockedStage } from "./lock.ts"

/** An instance as it is planned now. */
export interface PlannedInstance {
  readonly instance: StageInstance
  readonly facts: KeyFacts
  readonly notes: KeyNotes
}

const sha256 = (value: Json): string => createHash("sha256").update(canonicalJson(value)).digest("hex")

/** The parts of a key that a lock tells apart: those that do not depend on what stands above. */
export const lockedParts = ({
  instance,
  facts
}: PlannedInstance): Pick<LockedStage, "kind" | "code" | "params" | "facts"> => ({
  kind: instance.kind.name,
  code: facts.code.digest,
  params: sha256(keyParams(instance.params, instance.kind.params)),
  facts: sha256({ packages: facts.code.packages, facts: facts.facts, numerics: facts.numerics })
})

/** Undefined while the digest of an input is not known. */
export const lockedKey = ({ instance, facts }: PlannedInstance, digestOf: DigestOf): string | undefined => {
  const manifest = manifestOf(instance, facts, digestOf)
  return manifest === undefined ? undefined : keyOf(manifest)
}

export const lockedSources = ({ facts, notes }: PlannedInstance): Readonly<Record<string, LockedSource>> =>
  Object.fromEntries(
    Object.entries(facts.sources).map(([name, digest]) => {
      const { uri = "", pin } = notes.sources[name] ?? {}
      return [name, { uri, digest, ...(pin === undefined ? {} : { pin }) }]
    })
  )

/** Those that the kind declares, with its tolerances. */
const headline = (declared: MetricInfos, metrics: ActionRecord["metrics"]): Readonly<Record<string, LockedMetric>> =>
  Object.fromEntries(
    Object.entries(declared).flatMap(([name, { tolerance }]) => {
      const value = metrics[name]
      const interval = intervalOf(metrics, name)
      return value === undefined ? [] : [[name, { value, ...interval, tolerance: absoluteTolerance(tolerance, value) }]]
    })
  )

/** @param digestOf what the lock says of the artifacts above */
export const lockStage = (planned: PlannedInstance, record: ActionRecord, digestOf: DigestOf): LockedStage => {
  const sources = lockedSources(planned)
  const metrics = headline(planned.instance.kind.metrics, record.metrics)
  const key = lockedKey(planned, digestOf)
  if (key === undefined) throw new Error(`${planned.instance.id} is locked before what it needs`)
  const { kind, code, params, facts } = lockedParts(planned)
  return {
    kind,
    key,
    code,
    params,
    facts,
    digest: record.digest,
    engine: record.engine,
    ...(Object.keys(sources).length === 0 ? {} : { sources }),
    ...(Object.keys(metrics).length === 0 ? {} : { metrics })
  }
}
