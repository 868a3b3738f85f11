/** Why a stage runs again: the difference of two key manifests, each entry with the line that the new value is from. */
import { canonicalJson } from "../json/canonical-json.ts"
import type { Json } from "../json/canonical-json.ts"
import { formatLine } from "../specification/location.ts"
import { formatCoordinates } from "./coordinates.ts"
import { keyParams } from "./manifest.ts"
import { KEY_FORMAT } from "./key.ts"
import type { InputDigests, InputItem, KeyManifest, KeyNotes, KeyRecord } from "./key.ts"
import type { KeyFacts } from "./manifest.ts"
import type { StageInstance } from "./stage-instance.ts"

/** One entry of the difference. `before` or `after` is absent where the path is only in the other manifest. */
export interface Reason {
  /** `params.lr`, `code stages/train-sae.ts`, `sources.text file:corpus.txt`, `inputs.sae`, `never ran`, ... */
  readonly path: string
  readonly before?: Json
  readonly after?: Json
  /** Where the new value was written: `experiments/gemma.yaml:31`, or `--set lr=0.0002`. Null: nowhere in a file. */
  readonly source: string | null
}

/** It has run, but the store no longer holds what the key was made of: what has changed since cannot be told. */
export const LOST = "lost"
export type LastRecord = KeyRecord | typeof LOST | undefined

/** The path of the reason of what has no result yet. */
export const NEVER_RAN = "never ran"
const RECORD_LOST = "the record of its last result is gone, or was damaged"

/** There is nothing that the stage could be a hit of. */
export const hasNoResult = (reasons: ReadonlyArray<Reason>): boolean =>
  reasons.some(({ path }) => path === NEVER_RAN || path === RECORD_LOST)

/** What is known of an instance now: `inputs` is undefined while something above it has to run first. */
export interface KeyNow {
  readonly facts: KeyFacts
  readonly notes: KeyNotes
  readonly inputs: KeyManifest["inputs"] | undefined
}

/** What a result was made of, or would be now. */
export interface MadeOf extends KeyNow {
  /** `KEY_FORMAT` at the time. */
  readonly format: number
  readonly kind: string
  readonly params: KeyManifest["params"]
}

export const madeOf = ({ manifest, notes }: KeyRecord): MadeOf => ({
  format: manifest.format,
  kind: manifest.kind,
  params: manifest.params,
  facts: manifest,
  notes,
  inputs: manifest.inputs
})

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const equal = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b)

const entry = (path: string, before: Json | undefined, after: Json | undefined, source: string | null): Reason => ({
  path,
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
  source
})

/** The nearest written value at or above a path: a nested value may stand inside an expression's value. */
export const sourceAt = (instance: StageInstance, path: string): string | null => {
  for (let at = path; at.includes("."); at = at.slice(0, at.lastIndexOf("."))) {
    const location = instance.origins[at]
    if (location !== undefined) return formatLine(location)
  }
  return null
}

type SourceOf = (path: string) => string | null
const nowhere: SourceOf = () => null

/** Entries for the leaves that differ: maps are gone into, lists are one value. */
const diff = (path: string, before: Json | undefined, after: Json | undefined, sourceOf: SourceOf): Array<Reason> => {
  if (equal(before, after)) return []
  if (!isMap(before) || !isMap(after)) return [entry(path, before, after, sourceOf(path))]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  return keys.flatMap((key) => diff(`${path}.${key}`, before[key], after[key], sourceOf))
}

const diffCode = (before: KeyNow, now: KeyNow): Array<Reason> => {
  if (before.facts.code.digest === now.facts.code.digest) return []
  const old = before.notes.codeFiles
  const files = now.notes.codeFiles
  const changed = [...new Set([...Object.keys(old), ...Object.keys(files)])]
    .toSorted()
    .filter((file) => old[file] !== files[file])
    .map((file) => entry(`code ${file}`, old[file], files[file], null))
  // The same files bundled otherwise: another bundler, or another file is now reached.
  return changed.length > 0 ? changed : [entry("code", before.facts.code.digest, now.facts.code.digest, null)]
}

/** A commit as people write one; a version as it is. */
export const shownPin = (pin: string): string => (/^[0-9a-f]{40}$/.test(pin) ? pin.slice(0, 12) : pin)

const diffSources = (before: KeyNow, now: KeyNow, sourceOf: SourceOf): Array<Reason> =>
  [...new Set([...Object.keys(before.facts.sources), ...Object.keys(now.facts.sources)])].toSorted().flatMap((name) => {
    if (before.facts.sources[name] === now.facts.sources[name]) return []
    const source = sourceOf(`sources.${name}`)
    const old = before.notes.sources[name]
    const after = now.notes.sources[name]
    if (old !== undefined && after !== undefined && old.uri !== after.uri) {
      return [entry(`sources.${name}`, old.uri, after.uri, source)]
    }
    const uri = after?.uri ?? old?.uri ?? ""
    const files = [...new Set([...Object.keys(old?.files ?? {}), ...Object.keys(after?.files ?? {})])].toSorted()
    const changed = files.filter((file) => old?.files[file] !== after?.files[file])
    // The branch, or the newest version, has moved; perhaps with files that are not ours.
    const moved =
      old?.pin === undefined || after?.pin === undefined || old.pin === after.pin
        ? []
        : [entry(`sources.${name} ${uri}`, shownPin(old.pin), shownPin(after.pin), source)]
    if (moved.length > 0 && (files.length <= 1 || changed.length === 0)) return moved
    // A source of one file has that file's name in its URI already.
    if (files.length <= 1 || changed.length === 0) {
      return [entry(`sources.${name} ${uri}`, before.facts.sources[name], now.facts.sources[name], source)]
    }
    const each = changed.map((file) =>
      entry(`sources.${name} ${uri} ${file}`, old?.files[file], after?.files[file], source)
    )
    return [...moved, ...each]
  })

const isList = (value: InputDigests): value is ReadonlyArray<InputItem> => Array.isArray(value)

interface Leaf {
  readonly path: string
  readonly digest: string
}

/**
 * Digests by place: `inputs.sae`, `inputs.saes[width=512,seed=0]`, `inputs.inputs.sae`. A kept record has its coordinates
 * in canonical order, so places are told apart by that, and shown as they are written now.
 */
const flatten = (path: string, value: InputDigests): ReadonlyArray<readonly [string, Leaf]> => {
  if (typeof value === "string") return [[path, { path, digest: value }]]
  if (isList(value)) {
    return value.map(
      ({ at, digest }) => [path + canonicalJson(at), { path: path + formatCoordinates(at), digest }] as const
    )
  }
  return Object.entries(value).flatMap(([name, nested]) => flatten(`${path}.${name}`, nested))
}

const diffInputs = (before: KeyManifest["inputs"], after: KeyManifest["inputs"], sourceOf: SourceOf): Array<Reason> =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().flatMap((name) => {
    const path = `inputs.${name}`
    const old = before[name]
    const now = after[name]
    if (old !== undefined && now !== undefined && canonicalJson(old) === canonicalJson(now)) return []
    const oldLeaves = new Map(old === undefined ? [] : flatten(path, old))
    const leaves = new Map(now === undefined ? [] : flatten(path, now))
    const changed = [...new Set([...oldLeaves.keys(), ...leaves.keys()])]
      .filter((at) => oldLeaves.get(at)?.digest !== leaves.get(at)?.digest)
      .map((at) => {
        const place = (leaves.get(at) ?? oldLeaves.get(at))?.path ?? path
        return entry(place, oldLeaves.get(at)?.digest, leaves.get(at)?.digest, sourceOf(path))
      })
    return changed.length > 0 ? changed : [entry(`${path} in another order`, undefined, undefined, sourceOf(path))]
  })

/** The difference of two results. Inputs that are not known yet are left out. */
export const differences = (
  before: MadeOf,
  after: MadeOf,
  sourceOf: (path: string) => string | null
): ReadonlyArray<Reason> => [
  ...diff("key format", before.format, after.format, nowhere),
  ...diff("kind", before.kind, after.kind, () => sourceOf("stage.uses")),
  ...diff("params", keyParams(before.params), keyParams(after.params), sourceOf),
  ...diffSources(before, after, sourceOf),
  ...diffCode(before, after),
  ...diff("packages", before.facts.code.packages, after.facts.code.packages, nowhere),
  ...(before.inputs === undefined || after.inputs === undefined
    ? []
    : diffInputs(before.inputs, after.inputs, sourceOf)),
  ...diff("facts", before.facts.facts, after.facts.facts, nowhere),
  ...diff("numerics", before.facts.numerics, after.facts.numerics, nowhere)
]

/**
 * What differs between the last result of this instance and what it would be made from now. Empty: nothing that is
 * known; inputs that are not known yet are left out.
 */
export const explain = (instance: StageInstance, before: LastRecord, now: KeyNow): ReadonlyArray<Reason> => {
  if (before === undefined) return [entry(NEVER_RAN, undefined, undefined, null)]
  if (before === LOST) return [entry(RECORD_LOST, undefined, undefined, null)]
  const { kind, params } = instance
  return differences(madeOf(before), { ...now, format: KEY_FORMAT, kind: kind.name, params }, (path) =>
    sourceAt(instance, path)
  )
}

/** Digests mean nothing to a person: such an entry says only that it changed. */
const isDigest = (value: Json | undefined): boolean => typeof value === "string" && /^[0-9a-f]{40,}$/.test(value)

const show = (value: Json): string => {
  const text = typeof value === "string" ? value : canonicalJson(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}

/** `params.lr 0.0003 -> 0.0002 (experiments/gemma.yaml:31)`, `code stages/train-sae.ts changed`, `never ran`. */
export const formatReason = ({ path, before, after, source }: Reason): string => {
  const where = source === null ? "" : ` (${source})`
  if (before === undefined && after === undefined) return path + where
  if (before === undefined)
    return isDigest(after) ? `${path} added${where}` : `${path} added: ${show(after as Json)}${where}`
  if (after === undefined)
    return isDigest(before) ? `${path} removed${where}` : `${path} removed: ${show(before)}${where}`
  if (isDigest(before) && isDigest(after)) return `${path} changed${where}`
  return `${path} ${show(before)} -> ${show(after)}${where}`
}

/** Files of changed code that are named where there are more. */
const NAMED_FILES = 2

/** A text for each, the code last: of many files the first, and how many they are; `pipeline why` names all. */
export const formatReasons = (reasons: ReadonlyArray<Reason>): ReadonlyArray<string> => {
  const code = reasons.filter(({ path }) => path.startsWith("code "))
  if (code.length <= NAMED_FILES + 1) return reasons.map(formatReason)
  const named = code.slice(0, NAMED_FILES).map(({ path }) => path.slice("code ".length))
  const others = reasons.filter(({ path }) => !path.startsWith("code "))
  return [
    ...others.map(formatReason),
    `code of ${code.length} files: ${named.join(", ")}, ... (\`pipeline why\` names all)`
  ]
}
