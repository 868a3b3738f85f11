/**
 * One capture on its way over the text: the activations of one hook of one model, into one artifact. It is given block
 * after block; who runs the models, and for whom else, is `capture-activations.ts`'s.
 */
import { createHash } from "node:crypto"
import { rename } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Precision } from "../model/precision.ts"
import * as Schema from "effect/Schema"
import type { ActivationDtype } from "../kinds/activations/activations-columns.ts"
import { type ActivationsInfo, ActivationsProbe } from "../kinds/activations/activations.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { Artifact, ArtifactWriter } from "../artifact/artifact.ts"
import { isAsWritten } from "../format/arrow/arrow-file-state.ts"
import { openArrowWriter } from "../format/arrow/arrow-writer.ts"
import type { Json } from "../json/canonical-json.ts"
import { linkFiles } from "../artifact/link-files.ts"
import { outliersBatchRows, outliersColumns, outliersPath } from "../kinds/activations/outliers-columns.ts"
import type { ContextBlock } from "../kinds/tokens/tokens.ts"
import {
  openRowSetWriter,
  type RowSetState,
  SavedRowSet,
  writeActivationsInfo
} from "../kinds/activations/write-activations.ts"
import { type Checkpoint, type DecodedState, loadState } from "../stage/checkpoint.ts"
import type { Progress } from "../stage/progress.ts"
import { hookId, type HookOfModel, type HookValues } from "./hook-pass.ts"
import { isHeldOut } from "./held-out-documents.ts"
import { makeNormHistogram, NormSums } from "./norm-histogram.ts"
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

/** What a checkpoint's JSON holds. */
const Counters = Schema.Struct({
  next: Schema.Int,
  masked: Schema.Int,
  sums: NormSums,
  probe: Schema.NullOr(ActivationsProbe),
  train: SavedRowSet,
  held_out: SavedRowSet
})
type Counters = typeof Counters.Type

const setNames = ["train", "held_out"] as const
type SetName = (typeof setNames)[number]

const within = (state: DecodedState<Counters>, prefix: SetName): RowSetState => ({
  json: state.json[prefix],
  tensors: Object.fromEntries(
    Object.entries(state.tensors).flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor]] : []
    )
  )
})

/** Needs a scope, which closes the files. */
export const openCapture = Effect.fn("openCapture")(function* (
  capture: Capture,
  tokens: Artifact,
  info: Omit<ActivationsInfo, "hook" | "d_in" | "dtype" | "model" | "tokens" | "order">,
  medians: ReadonlyMap<string, number>
) {
  const { hook, d_in, dtype, precision, materialize, output, checkpoint, outlier_factor: factor, mask } = capture
  const own: HookOfModel = { model: capture.model.digest, hook }
  const complete: ActivationsInfo = {
    ...info,
    hook,
    d_in,
    dtype,
    ...(precision === "f32" ? {} : { precision }),
    model: capture.model.digest,
    tokens: tokens.digest,
    order: { by: "tokens" }
  }
  const time = info.context_size
  const heldOut = isHeldOut(info.split)

  const fileOf = (name: SetName) =>
    materialize && checkpoint?.file !== undefined ? checkpoint.file(`${name}.arrow`) : Effect.succeed(undefined)
  let state = yield* loadState(checkpoint, Counters)
  const files = { train: yield* fileOf("train"), held_out: yield* fileOf("held_out") }
  for (const name of setNames) {
    const [file, written] = [files[name], state === undefined ? null : within(state, name).json.arrow]
    if (written === null || written.position === 0) continue
    if (file !== undefined && (yield* Effect.promise(() => isAsWritten(file, written)))) continue
    capture.log(
      `the ${written.position} bytes of ${name}.arrow that the checkpoint counts on are not there, or damaged: starting anew`
    )
    state = undefined
  }
  const counters = state?.json

  const openSet = (name: SetName) =>
    openRowSetWriter(output, {
      path: `${name}.arrow`,
      d_in,
      dtype,
      metadata: { hook, model: complete.model, tokens: complete.tokens, dtype },
      materialize,
      ...(files[name] === undefined ? {} : { file: files[name] }),
      ...(state === undefined ? {} : { from: within(state, name) })
    })
  const sets = { train: yield* openSet("train"), held_out: yield* openSet("held_out") }
  const histogram = makeNormHistogram(
    state === undefined
      ? undefined
      : { sums: (counters as Counters).sums, counts: state.tensors["norms"] as Int32Array }
  )
  const outliers: Array<number> = [...((state?.tensors["outlier_positions"] as Int32Array | undefined) ?? [])]
  const ratios: Array<number> = [...((state?.tensors["outlier_ratios"] as Float32Array | undefined) ?? [])]
  let next = counters?.next ?? 0
  let masked = counters?.masked ?? 0
  let probe = counters?.probe ?? undefined

  const needs = (first: number): ReadonlyArray<HookOfModel> => [
    ...(materialize || first === 0 ? [own] : []),
    ...(factor === null ? [] : mask)
  ]

  /** 0: no row; 1: to train on; 2: held out. */
  const setOf = (block: ContextBlock, values: ReadonlyMap<string, HookValues>): Uint8Array => {
    const { documents } = block
    const ratio = factor === null ? undefined : normRatios(values, mask, medians, documents.length)
    return Uint8Array.from(documents, (document, i) => {
      if (document < 0) {
        masked += 1
        return 0
      }
      if (ratio !== undefined && (ratio[i] as number) > (factor as number)) {
        outliers.push(block.first * time + i)
        ratios.push(ratio[i] as number)
        return 0
      }
      return heldOut(document, block.first + Math.floor(i / time)) ? 2 : 1
    })
  }

  const take: CaptureMember["take"] = Effect.fnUntraced(function* (block, values) {
    const found = values.get(hookId(own))
    const n = block.ids.length
    const columns = {
      activation: found?.values ?? new Float32Array(0),
      norm: found?.norms ?? new Float32Array(0),
      document: block.documents,
      position: Int32Array.from({ length: n }, (_, i) => block.first * time + i),
      token: block.ids
    }
    const kind = setOf(block, values)
    const hash = probe === undefined && !materialize ? createHash("sha256") : undefined
    for (let from = 0; from < n;) {
      const set = kind[from] as number
      let to = from + 1
      while (to < n && kind[to] === set) to += 1
      if (set > 0) {
        yield* (set === 1 ? sets.train : sets.held_out).append(columns, from, to)
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
    const [train, held] = [yield* sets.train.state, yield* sets.held_out.state]
    const named = (prefix: SetName, { tensors }: RowSetState) =>
      Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const)
    const json: Counters = {
      next,
      masked,
      sums: histogram.sums(),
      probe: probe ?? null,
      train: train.json,
      held_out: held.json
    }
    yield* checkpoint.save({
      json,
      tensors: {
        ...Object.fromEntries([...named("train", train), ...named("held_out", held)]),
        norms: histogram.counts.slice(),
        outlier_positions: Int32Array.from(outliers),
        outlier_ratios: Float32Array.from(ratios)
      }
    })
  })

  const writeOutliers = Effect.gen(function* () {
    if (outliers.length === 0) return
    const file = yield* openArrowWriter(output, outliersPath, outliersColumns)
    for (let at = 0; at < outliers.length; at += outliersBatchRows) {
      const position = Int32Array.from(outliers.slice(at, at + outliersBatchRows))
      yield* file.append(position.length, {
        position,
        ratio: Float32Array.from(ratios.slice(at, at + outliersBatchRows))
      })
    }
    yield* file.close
  }).pipe(Effect.scoped)

  const finish = Effect.gen(function* () {
    const facts = { train: yield* sets.train.finish, held_out: yield* sets.held_out.finish }
    for (const name of setNames) {
      const file = files[name]
      if (file === undefined) continue
      const target = yield* output.path(`${name}.arrow`)
      yield* Effect.promise(() => rename(file, target))
    }
    yield* writeOutliers
    yield* linkFiles(tokens, output)
    if (!materialize) yield* linkFiles(capture.model, output, { prefix: "model/" })
    const norm = histogram.summary()
    yield* writeActivationsInfo(output, complete, {
      ...facts,
      norm,
      outliers: outliers.length,
      materialized: materialize,
      ...(materialize ? {} : { probe: probe as unknown as Json })
    })
    const captured: Captured = {
      train: facts.train.rows,
      held_out: facts.held_out.rows,
      mean_norm: norm.root_mean_square,
      masked,
      outliers: outliers.length
    }
    return captured
  })
  const member: CaptureMember = { next: () => next, needs, take, save, finish }
  return member
})
