/**
 * One capture on its way over the text: the activations of one hook of one model, into one artifact. It is given block
 * after block; who runs the models, and for whom else, is `capture-activations.ts`'s.
 */
import { createHash } from "node:crypto"
import { rename } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Precision } from "../model/precision.ts"
import type { ActivationDtype } from "../kinds/activations/activations-columns.ts"
import type { ActivationsInfo } from "../kinds/activations/activations-handle.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { Artifact, ArtifactWriter } from "../artifact/artifact.ts"
import type { Json } from "../json/canonical-json.ts"
import { linkFiles } from "../artifact/link-files.ts"
import type { ContextBlock } from "../kinds/tokens/tokens-handle.ts"
import { openRowSetWriter, writeActivationsInfo } from "../kinds/activations/write-activations.ts"
import type { Checkpoint } from "../stage/checkpoint.ts"
import type { Progress } from "../stage/progress.ts"
import { joinSetStates, resumeCapture, type SetName, setNames, setStateOf } from "./capture-state.ts"
import { hookId, type HookOfModel, type HookValues } from "./hook-pass.ts"
import { isHeldOut } from "./held-out-documents.ts"
import { type LeftOutRows, makeLeftOutRows } from "./left-out-rows.ts"
import { makeNormHistogram } from "./norm-histogram.ts"
import { normRatios } from "./outlier-mask.ts"

export interface Capture {
  readonly hook: string
  /** Width of the hook: its values per token. */
  readonly d_in: number
  /** The LanguageModel artifact that the rows are of. */
  readonly model: Artifact
  /** Null: no row is left out for its norm. */
  readonly outlier_factor: number | null
  /** Hooks whose norms are looked at, the own one or not. */
  readonly mask: ReadonlyArray<HookOfModel>
  readonly dtype: ActivationDtype
  readonly precision: Precision
  /** False: nothing is stored but the model. */
  readonly materialize: boolean
  readonly held_out_fraction: number
  readonly seed: number
  readonly output: ArtifactWriter
  readonly checkpoint?: Checkpoint
  readonly progress: (progress: Progress) => void
  readonly log: (line: string) => void
}

export interface Captured {
  readonly train: number
  readonly held_out: number
  /** sqrt(mean |x|^2) over all rows. */
  readonly mean_norm: number
  /** Tokens left out because they belong to no document. */
  readonly masked: number
  /** Tokens left out for their norm. */
  readonly outliers: number
}

export interface CaptureMember {
  /** First context that is still to be done. */
  readonly next: () => number
  /** Hooks whose values it needs of the block that begins at context `first`. */
  readonly needs: (first: number) => ReadonlyArray<HookOfModel>
  readonly take: (block: ContextBlock, values: ReadonlyMap<string, HookValues>) => Effect.Effect<void, ArtifactError>
  readonly save: Effect.Effect<void, ArtifactError>
  readonly finish: Effect.Effect<Captured, ArtifactError>
}

/** What `openCapture` is told of the text and the run, beside the capture itself. */
type SharedInfo = Omit<ActivationsInfo, "hook" | "d_in" | "dtype" | "model" | "tokens" | "order">

const infoOf = (
  { hook, d_in, dtype, precision, model }: Capture,
  tokens: Artifact,
  shared: SharedInfo
): ActivationsInfo => ({
  ...shared,
  hook,
  d_in,
  dtype,
  ...(precision === "f32" ? {} : { precision }),
  model: model.digest,
  tokens: tokens.digest,
  order: { by: "tokens" }
})

/**
 * The set that each token of a block belongs to; undefined: it has no row.
 *
 * @param medians of the norms, by hook
 */
const rowAssignment = (
  { outlier_factor: factor, mask }: Capture,
  { context_size: time, split }: SharedInfo,
  medians: ReadonlyMap<string, number>,
  leftOut: LeftOutRows
) => {
  const heldOut = isHeldOut(split)
  return (block: ContextBlock, values: ReadonlyMap<string, HookValues>): ReadonlyArray<SetName | undefined> => {
    const { documents } = block
    const ratio = factor === null ? undefined : normRatios(values, mask, medians, documents.length)
    return Array.from(documents, (document, i) => {
      if (document < 0) {
        leftOut.addMasked()
        return undefined
      }
      if (ratio !== undefined && (ratio[i] as number) > (factor as number)) {
        leftOut.addOutlier(block.first * time + i, ratio[i] as number)
        return undefined
      }
      return heldOut(document, block.first + Math.floor(i / time)) ? "held_out" : "train"
    })
  }
}

/** Needs a scope, which closes the files. */
export const openCapture = Effect.fn("openCapture")(function* (
  capture: Capture,
  tokens: Artifact,
  shared: SharedInfo,
  medians: ReadonlyMap<string, number>
) {
  const { hook, d_in, dtype, materialize, output, checkpoint } = capture
  const own: HookOfModel = { model: capture.model.digest, hook }
  const info = infoOf(capture, tokens, shared)
  const { files, state } = yield* resumeCapture(capture)

  const openSet = (name: SetName) =>
    openRowSetWriter(output, {
      path: `${name}.arrow`,
      d_in,
      dtype,
      metadata: { hook, model: info.model, tokens: info.tokens, dtype },
      materialize,
      ...(files[name] === undefined ? {} : { file: files[name] }),
      ...(state === undefined ? {} : { from: setStateOf(state, name) })
    })
  const sets = { train: yield* openSet("train"), held_out: yield* openSet("held_out") }
  const histogram = makeNormHistogram(state && { sums: state.json.sums, counts: state.tensors["norms"] as Int32Array })
  const leftOut = makeLeftOutRows(state && { masked: state.json.masked, tensors: state.tensors })
  const setsOf = rowAssignment(capture, shared, medians, leftOut)
  let next = state?.json.next ?? 0
  let probe = state?.json.probe ?? undefined

  const needs = (first: number): ReadonlyArray<HookOfModel> => [
    ...(materialize || first === 0 ? [own] : []),
    ...(capture.outlier_factor === null ? [] : capture.mask)
  ]

  const take: CaptureMember["take"] = Effect.fnUntraced(function* (block, values) {
    const found = values.get(hookId(own))
    const n = block.ids.length
    const columns = {
      activation: found?.values ?? new Float32Array(0),
      norm: found?.norms ?? new Float32Array(0),
      document: block.documents,
      position: Int32Array.from({ length: n }, (_, i) => block.first * info.context_size + i),
      token: block.ids
    }
    const setOf = setsOf(block, values)
    const hash = probe === undefined && !materialize ? createHash("sha256") : undefined
    for (let from = 0; from < n;) {
      const set = setOf[from]
      let to = from + 1
      while (to < n && setOf[to] === set) to += 1
      if (set !== undefined) {
        yield* sets[set].append(columns, from, to)
        if (found !== undefined) histogram.add(found.norms, from, to)
        hash?.update(columns.activation.subarray(from * d_in, to * d_in))
      }
      from = to
    }
    if (hash !== undefined) {
      const { rows, sum } = histogram.sums()
      probe = { contexts: block.count, rows, sha256: hash.digest("hex"), mean_norm: rows === 0 ? 0 : sum / rows }
    }
    next = block.first + block.count
  })

  const save = Effect.gen(function* () {
    if (checkpoint?.file === undefined) return
    const states = { train: yield* sets.train.state, held_out: yield* sets.held_out.state }
    const now = { next, masked: leftOut.masked(), sums: histogram.sums(), probe: probe ?? null }
    yield* checkpoint.save(joinSetStates(now, states, { norms: histogram.counts.slice(), ...leftOut.tensors() }))
  })

  const finish = Effect.gen(function* () {
    const facts = { train: yield* sets.train.finish, held_out: yield* sets.held_out.finish }
    for (const name of setNames) {
      const file = files[name]
      if (file === undefined) continue
      const target = yield* output.path(`${name}.arrow`)
      yield* Effect.promise(() => rename(file, target))
    }
    yield* leftOut.write(output)
    yield* linkFiles(tokens, output)
    if (!materialize) yield* linkFiles(capture.model, output, { prefix: "model/" })
    const norm = histogram.summary()
    yield* writeActivationsInfo(output, info, {
      ...facts,
      norm,
      outliers: leftOut.outliers(),
      materialized: materialize,
      ...(materialize ? {} : { probe: probe as unknown as Json })
    })
    const captured: Captured = {
      train: facts.train.rows,
      held_out: facts.held_out.rows,
      mean_norm: norm.root_mean_square,
      masked: leftOut.masked(),
      outliers: leftOut.outliers()
    }
    return captured
  })
  const member: CaptureMember = { next: () => next, needs, take, save, finish }
  return member
})
