/** What the live page asks for and shows, as JSON: of SAEs and their model, and of the run that goes on. */

/** Latents that are clamped at once: each costs an encoding of the text at every token of the continuation. */
export const MOST_CLAMPED = 8

export interface Token {
  readonly id: number
  readonly text: string
}

export type Fired = readonly [latent: number, activation: number]

/** Of a text: every latent that fires on each of its tokens. */
export interface TextAnswer {
  /** Tokens at the beginning that are no text, and that the SAE was not trained on: nothing is said of them. */
  readonly leading: number
  readonly tokens: ReadonlyArray<Token>
  /** Of each token, the strongest first. */
  readonly fired: ReadonlyArray<ReadonlyArray<Fired>>
}

export interface PositionLatent {
  readonly latent: number
  readonly activation: number
  /** To the logit of `target` above the mean logit, to first order; null where the SAE's output does not go back to its hook. */
  readonly attribution: number | null
  /** Tokens that its decoder direction promotes; empty where the hook does not reach the logits directly. */
  readonly promoted: ReadonlyArray<Token>
}

export interface PositionAnswer {
  /** What the model expects next, most probable first. */
  readonly next: ReadonlyArray<Token & { readonly probability: number }>
  /** The most probable one. */
  readonly target: Token
  /** Largest attribution by size first; strongest first where there is none. */
  readonly latents: ReadonlyArray<PositionLatent>
}

/** Most probable token after token. */
export interface Continuation {
  readonly tokens: ReadonlyArray<Token>
  /** Of all of them: tokens that are parts of one character are that character here. */
  readonly text: string
}

export interface ContinuationAnswer {
  /** As the model is. */
  readonly unchanged: Continuation
  /** With the latents clamped. */
  readonly changed: Continuation
}

/** An SAE that can be asked. */
export interface ListedSae {
  readonly digest: string
  /** Where it comes from: `sae[width=512] of experiments/quickstart.yaml`. */
  readonly label: string
}

export interface LiveStage {
  readonly id: string
  readonly status: string
  /** Of one that runs and has told. */
  readonly done?: number
  readonly total?: number
  readonly unit?: string
  readonly rate?: number | null
  readonly eta?: number | null
  readonly problem?: string
}

/** What a stage has told of itself while it ran: loss, explained variance and the like over what it had done. */
export interface LiveCurve {
  readonly id: string
  readonly unit: string
  readonly done: ReadonlyArray<number>
  readonly metrics: Readonly<Record<string, ReadonlyArray<number | null>>>
}

export interface LiveRun {
  readonly run: string
  /** `dead`: its process is gone and has not said so. */
  readonly status: "going on" | "done" | "failed" | "interrupted" | "dead"
  readonly stages: ReadonlyArray<LiveStage>
  readonly curves: ReadonlyArray<LiveCurve>
}
