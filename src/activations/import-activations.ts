/**
 * Rows that come from no language model (or from one that ran elsewhere) as an Activations artifact: every row is a context
 * of one symbol and a document of its own, so that rows are held out at random.
 */
import * as Effect from "effect/Effect"
import type { Artifact, ArtifactWriter } from "../artifact/artifact.ts"
import { decodeNpy } from "../format/npy.ts"
import { openSafetensors } from "../format/safetensors.ts"
import { openTokensWriter } from "../kinds/tokens/write-tokens.ts"
import { openRowSetWriter, writeActivationsInfo } from "../kinds/activations/write-activations.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { type DocumentSplit, heldOutDocuments, isHeldOut } from "./held-out-documents.ts"
import { makeNormHistogram } from "./norm-histogram.ts"

export interface ImportedRows {
  readonly rows: number
  readonly d_in: number
  /** [rows, d_in], row-major. */
  readonly values: Float32Array
}

const matrixOf = (path: string, shape: ReadonlyArray<number>, values: Float32Array) => {
  const [rows = 0, d_in = 0] = shape
  const is = `${path} is [${shape.join(", ")}]`
  if (shape.length !== 2) return Effect.fail(stageFailed(`${is}, not a matrix of rows`, "Give [rows, d_in]."))
  if (rows === 0 || d_in === 0)
    return Effect.fail(stageFailed(`${is}: there is nothing in it`, "Give rows of numbers."))
  return Effect.succeed<ImportedRows>({ rows, d_in, values })
}

/** A matrix of floats from a .npy or .safetensors file. Needs a scope, which closes the file. */
export const readMatrix = Effect.fn("readMatrix")(function* (artifact: Artifact, path: string, tensor: string | null) {
  if (!artifact.has(path)) {
    const names = artifact.files.map((file) => file.path)
    return yield* stageFailed(`there is no file ${path}`, `There are: ${names.slice(0, 20).join(", ")}.`)
  }
  if (path.endsWith(".npy")) {
    const array = decodeNpy(yield* artifact.read(path))
    return typeof array === "string"
      ? yield* stageFailed(`${path}: ${array}`)
      : yield* matrixOf(path, array.shape, array.values)
  }
  if (!path.endsWith(".safetensors")) return yield* stageFailed(`${path} is neither .npy nor .safetensors`)
  const { entries, float32 } = yield* openSafetensors(yield* artifact.open(path), path, artifact.digest)
  const [only, ...others] = [...entries.keys()]
  const name = tensor ?? (others.length === 0 ? only : undefined)
  const entry = name === undefined ? undefined : entries.get(name)
  if (name === undefined || entry === undefined) {
    const known = [...entries.keys()].join(", ")
    return yield* stageFailed(
      `${path} has no tensor ${tensor ?? "that is the only one"}`,
      `Set tensor to one of ${known}.`
    )
  }
  return yield* matrixOf(`${name} of ${path}`, entry.shape, yield* float32(name))
})

export interface ImportOptions {
  /** What the rows are of, where a hook's name would stand. */
  readonly hook: string
  readonly held_out_fraction: number
  readonly seed: number
  /** Name of what they were read from. */
  readonly source: string
}

/** Which of imported rows are held out. */
export const importedSplit = (rows: number, held_out_fraction: number, seed: number): DocumentSplit =>
  heldOutDocuments(new Float64Array(rows).fill(1), undefined, held_out_fraction, seed, rows)

/** Needs a scope, which closes the files. */
export const importActivations = Effect.fn("importActivations")(function* (
  { rows, d_in, values }: ImportedRows,
  output: ArtifactWriter,
  options: ImportOptions
) {
  const norm = new Float32Array(rows)
  for (let i = 0; i < rows; i++) {
    norm[i] = Math.hypot(...values.subarray(i * d_in, (i + 1) * d_in))
    if (!Number.isFinite(norm[i])) {
      return yield* stageFailed(`row ${i} of ${rows} holds NaN or infinite numbers`, "Leave such rows out.")
    }
  }
  const { hook, held_out_fraction, seed, source } = options
  const document = Int32Array.from({ length: rows }, (_, i) => i)
  const token = new Int32Array(rows)
  const tokens = yield* openTokensWriter(output, {
    context_size: 1,
    vocab_size: 1,
    bos_id: null,
    packing: { documents: "one_per_document", separator_id: null, shuffle_seed: null },
    tokenizer: null,
    source
  })
  yield* tokens.append({ ids: token, documents: document })
  yield* tokens.finish()
  const split = importedSplit(rows, held_out_fraction, seed)
  const heldOut = isHeldOut(split)
  const open = (path: string) =>
    openRowSetWriter(output, { path, d_in, dtype: "f32", metadata: { hook, dtype: "f32" }, materialize: true })
  const sets = { train: yield* open("train.arrow"), held_out: yield* open("held_out.arrow") }
  const histogram = makeNormHistogram()
  histogram.add(norm, 0, rows)
  const columns = { activation: values, norm, document, position: document, token }
  for (let from = 0; from < rows;) {
    const held = heldOut(from, from)
    let to = from + 1
    while (to < rows && heldOut(to, to) === held) to += 1
    yield* (held ? sets.held_out : sets.train).append(columns, from, to)
    from = to
  }
  const [train, other] = [yield* sets.train.finish, yield* sets.held_out.finish]
  yield* writeActivationsInfo(
    output,
    {
      hook,
      d_in,
      dtype: "f32",
      model: "",
      tokens: "",
      context_size: 1,
      mask: { drop_bos: false, outlier_factor: null, median_contexts: 0, hooks: [] },
      split: { ...split, held_out_fraction, seed },
      order: { by: "tokens" }
    },
    { norm: histogram.summary(), train, held_out: other, outliers: 0, materialized: true }
  )
  return { rows, held_out_rows: other.rows, d_in, mean_norm: histogram.summary().root_mean_square }
})
