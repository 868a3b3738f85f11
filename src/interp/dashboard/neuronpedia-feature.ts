/**
 * A latent of a dashboard as SAEDashboard writes it for Neuronpedia (`NeuronpediaDashboardFeature`, sae-dashboard 0.8.0,
 * `neuronpedia/neuronpedia_dashboard.py`). What a dashboard does not hold is an empty list there: correlations over all latents,
 * neurons, the histogram of the logits.
 */
import { histogramBins } from "../../kinds/dashboard/dashboard-columns.ts"
import type { DashboardExample, DashboardLatent, Weighted } from "../../kinds/dashboard/read-dashboard.ts"

/** Six digits of a number that has no more than seven; SAEDashboard's three places would make small activations 0. */
const digits = (value: number): number => Number(value.toPrecision(6))

interface Interval {
  readonly bin_min: number
  readonly bin_max: number
  /** Share of all rows whose activation is in it. -1 of the strongest, as there. */
  readonly bin_contains: number
}

export interface FeatureOptions {
  /** Rows that were read. */
  readonly rows: number
  /** Of equal width, which divide the histogram's bins. */
  readonly bands: number
  readonly text: (token: number) => string
  /** What the text is called. */
  readonly dataset: string
}

/** Whether the histogram says how many firings a band has. */
export const bandsAreCounted = (bands: number): boolean => histogramBins % bands === 0

const intervalOf = (group: number, { count, histogram, max }: DashboardLatent, options: FeatureOptions): Interval => {
  const { bands, rows } = options
  if (group === 0) return { bin_min: -1, bin_max: digits(max), bin_contains: -1 }
  // Random firings: of the whole range.
  if (group > bands) return { bin_min: 0, bin_max: digits(max), bin_contains: digits(count / rows) }
  const width = histogramBins / bands
  const band = bands - group
  const inside = histogram.slice(band * width, (band + 1) * width).reduce((sum, each) => sum + each, 0)
  return {
    bin_min: digits((max * band) / bands),
    bin_max: digits((max * (band + 1)) / bands),
    bin_contains: digits(inside / rows)
  }
}

const activationOf = (example: DashboardExample, latent: DashboardLatent, options: FeatureOptions) => ({
  ...intervalOf(example.group, latent, options),
  tokens: example.tokens.map(options.text),
  values: example.activations.map(digits),
  qualifying_token_index: example.pivot
})

export const neuronpediaFeature = (latent: DashboardLatent, options: FeatureOptions) => {
  const { count, examples, histogram, max, promoted, suppressed } = latent
  const texts = (of: ReadonlyArray<Weighted>) => of.map(([token]) => options.text(token))
  const weights = (of: ReadonlyArray<Weighted>) => of.map(([, weight]) => digits(weight))
  return {
    feature_index: latent.latent,
    neuron_alignment_indices: [],
    neuron_alignment_values: [],
    neuron_alignment_l1: [],
    correlated_neurons_indices: [],
    correlated_neurons_l1: [],
    correlated_neurons_pearson: [],
    correlated_features_indices: [],
    correlated_features_l1: [],
    correlated_features_pearson: [],
    neg_str: texts(suppressed),
    neg_values: weights(suppressed),
    pos_str: texts(promoted),
    pos_values: weights(promoted),
    frac_nonzero: digits(count / options.rows),
    freq_hist_data_bar_heights: histogram,
    freq_hist_data_bar_values: histogram.map((_, bin) => digits((max * (bin + 0.5)) / histogramBins)),
    logits_hist_data_bar_heights: [],
    logits_hist_data_bar_values: [],
    n_prompts_total: 0,
    n_tokens_in_prompt: 0,
    dataset: options.dataset,
    activations: examples.map((example) => activationOf(example, latent, options)),
    decoder_weights_dist: [],
    vector: []
  }
}
