/**
 * Gemma Scope: `params.npz` with `W_enc`, `W_dec`, `b_enc`, `b_dec`, `threshold`. JumpReLU; b_dec is not subtracted from
 * the input; nothing in the file names model or hook.
 *
 * Source: Lieberum et al. 2024 (arXiv 2408.05147), the tutorial notebook of google/gemma-scope; SAELens
 * `gemma_2_sae_huggingface_loader` (lower-case names, `scaling_factor`).
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { decodeNpy, encodeNpy, type NpyArray } from "../../../format/npy.ts"
import { encodeZip, openZip } from "../../../format/zip.ts"
import { gemmaScopeThresholds } from "../files/gemma-scope-thresholds.ts"
import type { SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { onlyTensors } from "../files/tensor-file.ts"
import { type Floats, type StoredSae, storedProblem } from "../stored/stored-sae.ts"
import { cannotWrite, isRefused, type SaeRefused } from "../latents/sae-refused.ts"

const fileName = "params.npz"

/** The archive: `params.npz`, or the only one there is. */
const archiveOf = (folder: SaeFolder): string | undefined => {
  const archives = folder.names.filter((name) => /^[^/]*\.npz$/.test(name))
  return archives.includes(fileName) ? fileName : archives.length === 1 ? archives[0] : undefined
}

const arrayNames = ["W_enc", "W_dec", "b_enc", "b_dec", "threshold"] as const

/** The names in use: `w_enc` of some files, `wenc` and `w_e` of transcoders. */
const nameOf = (name: string): string =>
  arrayNames.find((one) =>
    [one, one.replace("_", ""), one.slice(0, 3)].some((way) => way.toLowerCase() === name.toLowerCase())
  ) ?? name

/**
 * SAEs of embeddings were trained on rows times sqrt(d_in), and their folders say so: `embedding/width_4k/...`. Source:
 * SAELens `gemma_2_sae_huggingface_loader`.
 */
const isOfEmbeddings = ({ place = "" }: SaeFolder): boolean => /(^|\/)embedding\/width_/.test(place)

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const path = archiveOf(folder) ?? fileName
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: folder.digest, path, detail })
  if (!folder.names.includes(path)) return yield* fail("there is no such file")
  const file = yield* folder.open(path)
  const arrays = yield* Effect.tryPromise({
    try: async () => {
      const zip = await openZip(file, path, folder.digest)
      const found = new Map<string, NpyArray>()
      for (const entry of zip.entries.keys()) {
        if (!entry.endsWith(".npy")) throw fail(`entry ${entry} is no array`)
        const array = decodeNpy(await zip.read(entry))
        if (typeof array === "string") throw fail(`${entry}: ${array}`)
        found.set(nameOf(entry.slice(0, -4)), array)
      }
      return found
    },
    catch: (error) => error as ArtifactError
  })
  yield* onlyTensors({ names: [...arrays.keys()], fail }, [...arrayNames, "scaling_factor"])
  for (const name of arrayNames) {
    if (!arrays.has(name)) return yield* fail(`there is no array ${name}; it holds ${[...arrays.keys()].join(", ")}`)
  }
  const get = (name: string): NpyArray => arrays.get(name) as NpyArray
  const [d_in, d_sae] = get("W_enc").shape as [number, number]
  const d_out = get("W_dec").shape[1] as number
  const shapes = { W_enc: [d_in, d_sae], W_dec: [d_sae, d_out], b_enc: [d_sae], b_dec: [d_out], threshold: [d_sae] }
  for (const [name, shape] of Object.entries(shapes)) {
    if (shape.some((n) => n === undefined) || String(get(name).shape) !== String(shape)) {
      return yield* fail(`${name} is [${get(name).shape.join(", ")}], not [${shape.join(", ")}]`)
    }
  }
  const factor = arrays.get("scaling_factor")
  if (factor !== undefined && !factor.values.every((x) => x === 1)) {
    return yield* fail("it has a scaling_factor other than one, of which nothing says how it is meant")
  }
  const values = (name: string): Floats => get(name).values
  const scale = isOfEmbeddings(folder) ? Math.sqrt(d_in) : 1
  const stored: StoredSae = {
    d_in,
    d_out,
    d_sae,
    // A transcoder of equal widths cannot be told from an autoencoder by its file, only by its repository.
    transcoder: d_out !== d_in || /gemma-scope[^/]*transcoder/.test(folder.place ?? ""),
    W_enc: scale === 1 ? values("W_enc") : values("W_enc").map((w) => w / scale),
    W_dec: scale === 1 ? values("W_dec") : values("W_dec").map((w) => w * scale),
    b_dec: values("b_dec"),
    latents: { type: "jumprelu", b_enc: values("b_enc"), threshold: values("threshold") },
    apply_b_dec_to_input: false,
    normalize: "none",
    W_skip: undefined,
    dtype: get("W_enc").dtype,
    metadata: {},
    origin: { format: "gemma_scope", config: undefined }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* fail(problem)
})

const write = (sae: StoredSae): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | SaeRefused => {
  const { d_in, d_out, d_sae } = sae
  const own = gemmaScopeThresholds(sae)
  if (isRefused(own)) return own
  if (sae.W_skip !== undefined) return cannotWrite("Gemma Scope's format has no skip connection")
  const arrays: ReadonlyArray<readonly [string, ReadonlyArray<number>, Floats]> = [
    ["W_enc", [d_in, d_sae], sae.W_enc],
    ["W_dec", [d_sae, d_out], sae.W_dec],
    ["b_enc", [d_sae], own.b_enc],
    ["b_dec", [d_out], sae.b_dec],
    ["threshold", [d_sae], own.threshold]
  ]
  // As numpy.savez writes it, to the byte.
  const bytes = encodeZip(
    arrays.map(([name, shape, values]) => ({ name: `${name}.npy`, bytes: encodeNpy(shape, values) })),
    { align: 1, date: 0x21, zip64: true, madeBy: 0x032d, attributes: 0x01800000 }
  )
  return new Map([[fileName, bytes]])
}

const format: SaeFormat = {
  files: fileName,
  detect: (folder) => Effect.succeed(archiveOf(folder) !== undefined),
  read,
  write,
  keeps: [],
  loses: ({ latents, transcoder, d_in, d_out }) => [
    ...("k" in latents && latents.k !== null ? ["k"] : []),
    ...("groups" in latents && latents.groups !== null ? ["the sizes of its Matryoshka groups"] : []),
    ...(transcoder && d_in === d_out ? ["that it is a transcoder"] : [])
  ]
}
export default format
