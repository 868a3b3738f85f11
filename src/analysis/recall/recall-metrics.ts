/** The metrics of evaluate-recall. */
import { share } from "./fact-estimates.ts"
import type { RecallFigures } from "./recall-figures.ts"

const ofLatents = (latents: RecallFigures["latents"]) =>
  latents === undefined
    ? {}
    : {
        one_latent: latents.by[0]!.own,
        all_latents: latents.by.at(-1)!.own,
        latent_purity: latents.purity,
        latent_purity_control: latents.purityControl,
        facts_a_latent: latents.facts
      }

export const recallMetrics = ({ held, chance, places, lens, heads, shares, neurons, latents }: RecallFigures) => {
  const [atName, asked] = [places[0]!, places.at(-1)!]
  return {
    chance,
    probe_before: atName.probed[0]!,
    probe_after: atName.probed.at(-1)!,
    asked_probe_before: asked.probed[0]!,
    asked_probe_after: asked.probed.at(-1)!,
    unembedding_before_last: lens.at(-2)!,
    probe_control: atName.control.at(-1)!,
    mechanistic: share(held.onTest(heads.best.right)),
    mechanistic_control: heads.along[heads.best.layer]!.control,
    mechanistic_after: heads.along.at(-1)!.own,
    lookup_share: shares.restored(shares.atName),
    asked_lookup_share: shares.restored(shares.asked),
    lookup_layer: shares.strongest.layer,
    lookup_layer_share: shares.restored(shares.strongest),
    told_without_name: share(shares.atName.without),
    told_without_asked: share(shares.asked.without),
    one_neuron: neurons.by[0]!.own,
    all_neurons: neurons.by.at(-1)!.own,
    purity: neurons.purity,
    purity_control: neurons.purityControl,
    facts_a_neuron: neurons.facts,
    ...ofLatents(latents)
  }
}
