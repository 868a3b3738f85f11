/** What the page knows of a latent, as compact JSON. */
/** `[position, pivot, tokens, activations]` */
export type ExampleData = readonly [number, number, ReadonlyArray<number>, ReadonlyArray<number>]

export interface LatentData {
  readonly id: number
  readonly text: string
  readonly density: number
  readonly max: number
  readonly histogram: ReadonlyArray<number>
  /** `[tokens, activation, matches, precision]` */
  readonly patterns: ReadonlyArray<readonly [ReadonlyArray<number>, number, number, number]>
  /** Patterns that are not in `patterns`. */
  readonly more: number
  /** `[f1, shuffled f1, precision, recall, balanced accuracy, tp, fp, fn]` */
  readonly score: ReadonlyArray<number> | null
  readonly top: ReadonlyArray<ExampleData>
  /** `[low, high, examples]` */
  readonly bands: ReadonlyArray<readonly [number, number, ReadonlyArray<ExampleData>]>
  /** `[token, weight]` */
  readonly promoted: ReadonlyArray<readonly [number, number]>
  readonly suppressed: ReadonlyArray<readonly [number, number]>
  /** `[latent, cosine]`, nearest first; `[latent, Jaccard similarity of the rows]`; cosine of the two directions of its own. */
  readonly near?: ReadonlyArray<readonly [number, number]>
  readonly together?: ReadonlyArray<readonly [number, number]>
  readonly cosine?: number
  /** `[change of the small SAE's MSE, cosine, nearest latent]` where this SAE was stitched into a smaller one. */
  readonly stitch?: readonly [number, number, number]
}

export interface OtherLatents {
  readonly id: ReadonlyArray<number>
  readonly density: ReadonlyArray<number>
  readonly max: ReadonlyArray<number>
  /** Distinct tokens that it fires on, strongest first, and those that it promotes: its label (`firesLabel`). */
  readonly fires: ReadonlyArray<ReadonlyArray<number>>
  readonly promotes: ReadonlyArray<ReadonlyArray<number>>
  readonly part: ReadonlyArray<number>
}
