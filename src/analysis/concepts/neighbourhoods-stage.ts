/** The stage evaluate-neighbourhoods. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import { otherModels } from "../../activations/same-site.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { type FiguresFile, figuresFileName, type FiguresPoint } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { meanInterval } from "../../numeric/mean-interval.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, measured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { joinedText } from "../../text/joined-text.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { codedRows } from "../coded-rows.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { firesOn } from "./fires-on.ts"
import { FoundLatents, foundLatentsFileName } from "./found-latents.ts"
import { firingRows, type Neighbour, neighbourhoods, neighboursOfOthers, sharedFirings } from "./neighbourhood.ts"

interface NeighbourhoodsParams {
  readonly cosine: number
  readonly listed: number
  readonly neighbours: number
  readonly rows: number
  readonly seed: number
}

interface NeighbourhoodsInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
  readonly found: { readonly artifact: Opened<unknown>["artifact"] } | undefined
}

interface Coded {
  readonly W_dec: Float32Array<ArrayBuffer>
  readonly codes: LatentCodes
  readonly token: Int32Array
  readonly d: number
}

interface Fires {
  readonly density: number
  readonly tokens: ReadonlyArray<number>
}

/** What an SAE has of the followed latents. */
interface Followed {
  readonly d_sae: number
  readonly near: ReadonlyArray<ReadonlyArray<Neighbour>>
  /** Of the neighbours that are listed. */
  readonly fires: ReadonlyMap<number, Fires>
  readonly neighbours: number | Estimate
  readonly random: number | Estimate
  readonly several: number | Estimate
  readonly shared: number | Estimate
  readonly byOthers: number | Estimate
}

/** Latents that are asked for, of the SAE that they were found in. */
const foundLatents = Effect.fnUntraced(function* ({ found, saes }: NeighbourhoodsInputs) {
  if (found === undefined) return undefined
  if (!found.artifact.has(foundLatentsFileName)) {
    return yield* stageFailed("found names no latents", "Give what find-latents made.")
  }
  const { sae, latents } = yield* readJsonFile(found.artifact, foundLatentsFileName, FoundLatents)
  if (sae === saes[0]!.artifact.digest) return latents.map(({ latent }) => latent)
  return yield* stageFailed(
    `found is of latents of SAE ${sae.slice(0, 8)}, the first of saes is ${saes[0]!.artifact.digest.slice(0, 8)}`,
    "Search the first of saes, or put the SAE that was searched first."
  )
})

const mean = (values: ReadonlyArray<number>, rng: Rng.Rng): number | Estimate =>
  estimated(values.reduce((a, b) => a + b, 0) / values.length, meanInterval(values, rng))

const point = (x: number, y: number | Estimate): ReadonlyArray<FiguresPoint> => {
  if (typeof y !== "number") return [{ x, y: y.value, low: y.low, high: y.high }]
  return Number.isFinite(y) ? [{ x, y }] : []
}

/** @param alive latents of the first SAE that fire */
const follow = (
  first: Coded,
  other: Coded,
  alive: ReadonlyArray<number>,
  { cosine, seed }: NeighbourhoodsParams
): Omit<Followed, "fires"> => {
  const near = neighbourhoods(first.W_dec, other.W_dec, first.d, cosine)
  const random = neighbourhoods(randomUnitRows(alive.length, first.d, seed), other.W_dec, first.d, cosine)
  const withSome = alive.filter((latent) => near[latent]!.length > 0)
  const others = neighboursOfOthers(near, alive)
  const shares = sharedFirings(first.codes, other.codes, near)
  const byOthers = others && sharedFirings(first.codes, other.codes, others)
  const rng = (of: string) => Rng.make(seed, `intervals of neighbourhoods, ${of}`)
  return {
    d_sae: other.codes.d_sae,
    near,
    neighbours: mean(
      alive.map((latent) => near[latent]!.length),
      rng("neighbours")
    ),
    random: mean(
      random.map(({ length }) => length),
      rng("random directions")
    ),
    several: mean(
      alive.map((latent) => (near[latent]!.length > 1 ? 1 : 0)),
      rng("several")
    ),
    shared: mean(
      withSome.map((latent) => shares[latent]!),
      rng("shared")
    ),
    byOthers: mean(byOthers === undefined ? [] : withSome.map((latent) => byOthers[latent]!), rng("shared by others"))
  }
}

const charts = (followed: ReadonlyArray<Followed>): FiguresFile["charts"] => {
  const series = (name: string, of: (each: Followed) => number | Estimate) => ({
    name,
    line: true,
    points: followed.flatMap((each) => point(each.d_sae, of(each)))
  })
  const x = { label: "latents of the other SAE", log: true }
  return [
    {
      title: "Neighbours of a latent",
      x,
      y: { label: "neighbours, mean", log: false },
      series: [series("latents", ({ neighbours }) => neighbours), series("random directions", ({ random }) => random)]
    },
    {
      title: "Firings of a latent that its neighbours share",
      x,
      y: { label: "share of the firings, mean", log: false },
      series: [
        series("its neighbours", ({ shared }) => shared),
        series("another latent's neighbours", ({ byOthers }) => byOthers)
      ]
    }
  ]
}

const firesOf = (
  { codes, token }: Coded,
  listed: ReadonlyArray<number>,
  near: Followed["near"],
  most: number
): Followed["fires"] => {
  const rows = firingRows(codes)
  const shown = new Set(listed.flatMap((latent) => near[latent]!.slice(0, most).map((each) => each.latent)))
  return new Map(
    Array.from(shown, (latent) => [
      latent,
      { density: rows[latent]! / codes.rows, tokens: firesOn(codes, token, latent) }
    ])
  )
}

const listedRows = (
  { d_sae, near, fires }: Followed,
  latent: number,
  most: number,
  read: (ids: ReadonlyArray<number>) => string
): FiguresFile["tables"][number]["rows"] => {
  const all = near[latent]!
  if (all.length === 0) return [[d_sae, 0, null, null, null, null]]
  return all.slice(0, most).map((each) => {
    const { density, tokens } = fires.get(each.latent)!
    return [d_sae, all.length, String(each.latent), each.cosine, density, read(tokens)]
  })
}

export const neighbourhoodsStage = Effect.fn("neighbourhoodsStage")(function* ({
  inputs,
  params,
  output,
  progress
}: StageContext<NeighbourhoodsParams, unknown, NeighbourhoodsInputs>) {
  const { saes } = inputs
  const activations = inputs.activations.value
  yield* requireModelOf(activations, inputs.model.value)
  yield* requireHeldOut(activations)
  for (const [n, { value }] of saes.entries()) {
    yield* requireReads(value, activations, `SAE ${n + 1}`)
    const problem = otherModels(saes[0]!.value, value, ["SAE 1", `SAE ${n + 1}`])
    if (problem !== undefined) return yield* stageFailed(problem, "Give SAEs of one model.")
  }
  const asked = yield* foundLatents(inputs)
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const { held_out } = yield* openActivations(activations)
  const coded = Effect.fnUntraced(function* ({ value }: Opened<SaeHandle>) {
    const weights = yield* value.anyWeights
    const model = yield* openSaeModel(weights)
    const { codes, token } = yield* codedRows(held_out, model, params.rows)
    return { W_dec: weights.W_dec, codes, token, d: model.d_out }
  }, Effect.scoped)

  const first: Coded = yield* coded(saes[0]!)
  const firing = firingRows(first.codes)
  const alive = Array.from(firing.keys()).filter((latent) => firing[latent]! > 0)
  if (alive.length === 0) return yield* stageFailed("no latent of SAE 1 fires on held-out rows", "Give another SAE.")
  const followed: Array<Followed> = []
  let listed = asked?.slice(0, params.listed)
  // From the last on: its neighbourhoods tell which latents are listed.
  for (let n = saes.length - 1; n > 0; n--) {
    const other: Coded = yield* coded(saes[n]!)
    if (other.d !== first.d) {
      return yield* stageFailed(`SAE 1 writes ${first.d} numbers, SAE ${n + 1} ${other.d}`, "Give SAEs of one hook.")
    }
    const found = follow(first, other, alive, params)
    const { near } = found
    listed ??= alive.toSorted((a, b) => near[b]!.length - near[a]!.length || a - b).slice(0, params.listed)
    followed.unshift({ ...found, fires: firesOf(other, listed, near, params.neighbours) })
    progress({ done: saes.length - n, total: saes.length - 1, unit: "SAEs" })
    yield* breathe
  }
  const last = followed.at(-1)!
  const read = (ids: ReadonlyArray<number>): string =>
    ids.map((id) => JSON.stringify(joinedText(tokenizer, [id]))).join(" ")
  const figures: FiguresFile = {
    format: 1,
    title: `Neighbourhoods of latents, from ${first.codes.d_sae} to ${last.d_sae}`,
    note: `A neighbour is a latent of another SAE whose decoder row has a cosine of ${params.cosine} and more with the latent's own. Of ${alive.length} latents that fire on ${first.codes.rows} held-out rows, beside as many random directions, and beside another latent's neighbours.`,
    charts: charts(followed),
    tables: (listed ?? []).map((latent) => ({
      title: `Latent ${latent} of ${first.codes.d_sae}: ${read(firesOn(first.codes, first.token, latent))}`,
      columns: ["latents of the SAE", "neighbours", "latent", "cosine", "fires on (share of the rows)", "tokens"],
      rows: followed.flatMap((each) => listedRows(each, latent, params.neighbours, read))
    }))
  }
  yield* output.writeJson(figuresFileName, figures)
  yield* output.writeJson(
    "neighbourhoods.json",
    followed.map(({ d_sae, near }) => ({ d_sae, near: alive.map((latent) => ({ latent, neighbours: near[latent] })) }))
  )
  const none = "no latent has a neighbour in the last SAE"
  const ifAny = (value: number | Estimate, without: string) =>
    typeof value === "number" ? measured(value, without) : value
  return {
    neighbours: last.neighbours,
    random_neighbours: last.random,
    several: last.several,
    shared: ifAny(last.shared, none),
    shared_by_others: ifAny(last.byOthers, "no two latents have neighbours in the last SAE"),
    latents: alive.length
  }
}, Effect.scoped)
