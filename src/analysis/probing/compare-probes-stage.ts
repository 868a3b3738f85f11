/** The stage compare-probes. */
import * as Effect from "effect/Effect"
import { figuresFileName, type FiguresChart, type FiguresFile } from "../../kinds/figures.ts"
import type { ProbingFile, SparseProbe } from "../../kinds/probing.ts"
import { probedKs } from "../../kinds/probing/probed-ks.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { bestLayer, hookLayer, type LayerProbes, meanF1, type ProbedF1, taskF1 } from "./probe-layers.ts"

interface CompareProbesInputs {
  readonly probings: ReadonlyArray<Opened<ProbingFile>>
  readonly controls: ReadonlyArray<Opened<ProbingFile>>
}

const askedOf = ({ tasks }: ProbingFile): string =>
  tasks
    .map(({ name }) => name)
    .toSorted()
    .join(", ")

/** By layer; refuses what is of no block, of one block twice, or of several models. */
const inLayers = Effect.fnUntraced(function* (probings: ReadonlyArray<Opened<ProbingFile>>) {
  const found: Array<LayerProbes> = []
  for (const { value: probing } of probings) {
    const layer = hookLayer(probing.hook)
    if (layer === undefined) return yield* stageFailed(`${probing.hook} is of no block`, "Give probes of blocks.")
    const [first] = found
    if (found.some((each) => each.layer === layer)) {
      return yield* stageFailed(`two of the probes are of block ${layer}`, "Give one of each block.")
    }
    if (first !== undefined && first.probing.model !== probing.model) {
      return yield* stageFailed("the probes are of several models", "Give another model's as controls.")
    }
    if (probing.means === undefined) {
      return yield* stageFailed(`the probes of block ${layer} have no means over tasks`, "Probe anew.")
    }
    found.push({ layer, probing })
  }
  return found.toSorted((a, b) => a.layer - b.layer)
})

const estimate = ({ value, low, high }: ProbedF1) =>
  estimated(value, low === undefined || high === undefined ? undefined : { low, high })

const line = <A>(
  name: string,
  of: ReadonlyArray<A>,
  at: (each: A) => number,
  f1: (each: A) => ProbedF1 | undefined
) => ({
  name,
  line: true,
  points: of.flatMap((each) => {
    const found = f1(each)
    if (found === undefined) return []
    const { value, ...interval } = found
    return [{ x: at(each), y: value, ...interval }]
  })
})

export const compareProbesStage = Effect.fn("compareProbesStage")(function* ({
  inputs,
  params: { of },
  output,
  log
}: StageContext<{ readonly of: "basis" | "latents" }, unknown, CompareProbesInputs>) {
  const layers = yield* inLayers(inputs.probings)
  const controls = yield* inLayers(inputs.controls)
  const all = [...layers, ...controls]
  const first = layers[0]!
  const asked = askedOf(first.probing)
  const other = all.find(({ probing }) => askedOf(probing) !== asked)
  if (other !== undefined) {
    return yield* stageFailed(
      `block ${other.layer} is asked ${askedOf(other.probing)}, block ${first.layer} ${asked}`,
      "Give probes of the same tasks, with enough rows of each."
    )
  }
  const ks = probedKs(first.probing).filter((k) => all.every(({ probing }) => probedKs(probing).includes(k)))
  if (ks.length === 0) return yield* stageFailed("the probes have no k in common", "Give them the same ks.")
  const [least, most] = [ks[0]!, ks.at(-1)!]
  const [what, shuffled] =
    of === "basis" ? (["own numbers", "shuffled_basis"] as const) : (["latents", "shuffled"] as const)
  const without = all.find(({ probing }) => [of, shuffled].some((each) => meanF1(probing, each, least) === undefined))
  if (without !== undefined) {
    return yield* stageFailed(
      `block ${without.layer} has no probes of ${least} of its ${what}, with right and with shuffled labels`,
      "Probe anew."
    )
  }
  const best = bestLayer(layers, of, least) as LayerProbes
  const control = controls.find(({ layer }) => layer === best.layer)
  const layerOf = ({ layer }: LayerProbes): number => layer
  const f1 = { label: "F1", log: false }
  const block = { label: "block", log: false }
  const charts: ReadonlyArray<FiguresChart> = [
    {
      title: "Mean over tasks",
      x: block,
      y: f1,
      series: [
        ...ks.map((k) => line(`${k} ${what}`, layers, layerOf, ({ probing }) => meanF1(probing, of, k))),
        line(`${least}, labels shuffled`, layers, layerOf, ({ probing }) => meanF1(probing, shuffled, least)),
        ...(controls.length === 0
          ? []
          : ks.map((k) => line(`${k} of the control`, controls, layerOf, ({ probing }) => meanF1(probing, of, k))))
      ]
    },
    {
      title: `Each task, ${least} of the ${what}`,
      x: block,
      y: f1,
      series: first.probing.tasks.map(({ name }) =>
        line(name, layers, layerOf, ({ probing }) => taskF1(probing, name, of, least))
      )
    },
    {
      title: `Each task at block ${best.layer}, by how many`,
      x: { label: what, log: true },
      y: f1,
      series: first.probing.tasks.map(({ name }) => line(name, ks, Number, (k) => taskF1(best.probing, name, of, k)))
    }
  ]
  const file: FiguresFile = {
    format: 1,
    title: `Sparse probes over ${layers.length} layers`,
    note: `F1 of yes and of no on held-out documents, by probes of ${ks.join(", ")} ${what}; guessing gives a half at most, as with shuffled labels. A task that one feature tells as well as many has a feature of its own.`,
    charts,
    tables: [
      {
        title: "Tasks",
        columns: ["task", ...layers.flatMap(({ layer }) => [`block ${layer}: ${least}`, `block ${layer}: ${most}`])],
        rows: first.probing.tasks.map(({ name }) => [
          name,
          ...layers.flatMap(({ probing }) => [least, most].map((k) => taskF1(probing, name, of, k)?.value ?? null))
        ])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, file)
  log(`block ${best.layer} tells most with ${least} of the ${what}`)
  const at = (probing: ProbingFile, features: SparseProbe["features"], k: number) =>
    estimate(meanF1(probing, features, k) as ProbedF1)
  return {
    best_layer: best.layer,
    best_f1: at(best.probing, of, least),
    most_f1: at(best.probing, of, most),
    first_f1: at(first.probing, of, least),
    shuffled_f1: at(best.probing, shuffled, least),
    ...(control === undefined
      ? {}
      : { control_f1: at(control.probing, of, least), control_most_f1: at(control.probing, of, most) }),
    layers: layers.length
  }
})
