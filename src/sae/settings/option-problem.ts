/** What is wrong with the options of a training, each with the option that it is about. */

export interface OptionProblem {
  readonly param: string
  readonly message: string
}

/** What is trained. */
export type Trained = "autoencoder" | "transcoder" | "crosscoder"
