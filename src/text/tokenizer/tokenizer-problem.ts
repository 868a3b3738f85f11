/** A tokenizer.json, or a text, that cannot be read right: what, where, and what to do. */
export class TokenizerProblem extends Error {
  override readonly name = "TokenizerProblem"
  readonly remedy: string

  /** @param where a place in tokenizer.json: `pre_tokenizer.pretokenizers[1]` */
  constructor(
    where: string,
    problem: string,
    remedy = "Give a tokenizer.json without it, or tokenize outside and give token ids."
  ) {
    super(`${where}: ${problem}`)
    this.remedy = remedy
  }
}
