/** The stage evaluate-clusters. */
import * as Effect from "effect/Effect"
import { requireReads } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { readClusterPoints } from "../../kinds/activations/cluster-points.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import { shareInterval } from "../../numeric/mean-interval.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated, measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents } from "../latent-codes.ts"
import { clusterEntropy, type Firing } from "./cluster-entropy.ts"
import { clustersPicture } from "./clusters-picture.ts"

interface ClustersInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
}

const NONE = "no latent fires on any point"

export const evaluateClusters = Effect.fn("evaluateClusters")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<{ readonly seed: number }, unknown, ClustersInputs>) {
  const { sae, activations } = inputs
  const known = yield* readClusterPoints(activations.artifact)
  if (known === undefined) {
    return yield* stageFailed(
      "whose clusters these activations are of is not known",
      "Give activations of make-clusters."
    )
  }
  yield* requireReads(sae.value, activations.value)
  const model = yield* openSaeModel(yield* sae.value.anyWeights)
  const opened = yield* openActivations(activations.value)
  const firings: Array<Firing> = []
  const strongest = new Int32Array(known.points.length).fill(-1)
  const largest = new Float64Array(known.points.length)
  for (const set of [opened.train, opened.held_out]) {
    for (let b = 0; b < set.batches; b++) {
      const batch = yield* set.readBatch(b)
      const codes = encodeLatents(batch.activation, model)
      for (let row = 0; row < batch.rows; row++) {
        const point = batch.document[row] as number
        for (let i = codes.offsets[row]!; i < codes.offsets[row + 1]!; i++) {
          const latent = codes.latents[i] as number
          firings.push({ point, latent })
          if (codes.values[i]! <= largest[point]!) continue
          largest[point] = codes.values[i]!
          strongest[point] = latent
        }
      }
    }
  }
  const { clusters, cluster, points } = known
  const own = clusterEntropy(firings, cluster, clusters)
  const order = Rng.make(params.seed, "shuffled clusters").permutation(points.length)
  const shuffled = Array.from(order, (point) => cluster[point] as number)
  const control = clusterEntropy(firings, shuffled, clusters)
  const { d_sae } = sae.value
  const silent = strongest.filter((latent) => latent < 0).length
  const draws = (of: string) => Rng.make(params.seed, `intervals of ${of}`)
  const live = new Set(firings.map(({ latent }) => latent)).size
  yield* output.writeJson("points.json", { points, cluster, strongest: Array.from(strongest), firings })
  yield* output.write("points.svg", clustersPicture(known, strongest))
  log(`${live} of ${sae.value.d_sae} latents fire, on ${strongest.filter((latent) => latent >= 0).length} points`)
  const intervals = bootstrapIntervals(
    [points.length],
    (times) => {
      const { conditional, information, marginal } = clusterEntropy(firings, cluster, clusters, times)
      const shuffled_information = clusterEntropy(firings, shuffled, clusters, times).information
      return { cluster_entropy: conditional, information, marginal_entropy: marginal, shuffled_information }
    },
    Rng.make(params.seed, "intervals over points")
  )
  return {
    ...withIntervals(
      {
        cluster_entropy: measured(own.conditional, NONE),
        information: measured(own.information, NONE),
        shuffled_information: measured(control.information, NONE),
        marginal_entropy: measured(firings.length === 0 ? Number.NaN : own.marginal, NONE)
      },
      intervals
    ),
    live_latents: live,
    dead_latents: estimated(1 - live / d_sae, shareInterval(d_sae - live, d_sae, draws("dead latents"))),
    silent_points: estimated(silent / points.length, shareInterval(silent, points.length, draws("silent points")))
  }
}, Effect.scoped)
