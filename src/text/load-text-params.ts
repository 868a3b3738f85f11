/** Parameters of the stage kind load-text, and what they and its inputs say together. */
import * as Result from "effect/Result"
import * as Param from "../stage/param.ts"
import { type Decoded, decoded, type ParamProblem } from "../stage/param-problem.ts"
import { symbolVocabulary, type SymbolVocabulary } from "./symbol-vocabulary.ts"

export const loadTextParams = {
  tokens: Param.integer({
    default: 400_000,
    minimum: 1,
    unit: "tokens",
    description: "tokens wanted, BOS included; fewer come out where the text is shorter"
  }),
  context_size: Param.integer({
    default: null,
    minimum: 2,
    unit: "tokens",
    description: "tokens of a context; null: the longest that the model takes, at most 128"
  }),
  bos: Param.boolean({
    default: true,
    description: "put the BOS token at position 0, where there is one (models trained with it need it)"
  }),
  bos_token: Param.string({
    default: null,
    description: "the BOS token, as the vocabulary spells it; null: the model's own, if it has one"
  }),
  separator: Param.choice(["bos", "eos", "none"], {
    default: "bos",
    description: "what stands between two documents in a context: the BOS, the model's EOS, nothing"
  }),
  packing: Param.choice(["join_ends", "one_per_document"], {
    default: "join_ends",
    description:
      "join_ends: documents are cut into whole contexts and their ends are joined; one_per_document: a context is the beginning of a document, shorter ones are left out"
  }),
  shuffle_seed: Param.integer({
    default: null,
    description: "seed of a random order of all documents; null: the order of the source"
  }),
  text_field: Param.string({
    default: null,
    description:
      "field or column that holds text, or a list of token ids, of symbols or of messages; dots lead into a structure (meta.text); null: text, else input_ids, tokens, messages"
  }),
  chat_template: Param.string({
    default: null,
    description:
      "Jinja that makes a text of a list of messages; null: the model's own (tokenizer_config.json, chat_template.jinja)"
  }),
  split: Param.string({
    default: null,
    description: "take the files whose names say this split (train, validation, test, ...); all: whatever they say"
  }),
  config: Param.string({ default: null, description: "take the files in the folder of this configuration" }),
  files: Param.string({
    default: null,
    description: "take the files whose relative names match this pattern, such as data/train-*.parquet"
  }),
  vocabulary: Param.list(Param.string({ description: "a symbol" }), {
    default: null,
    description:
      "symbols by id, where the sequences are no text and no model says what they mean; text is then symbols between white space"
  }),
  vocab_size: Param.integer({
    default: null,
    minimum: 1,
    description: "number of token ids, where the source holds ids and neither a model nor a tokenizer is given"
  })
}

type LoadTextParams = Param.ParamValues<typeof loadTextParams>

export interface LoadTextSettings extends LoadTextParams {
  /** Of `vocabulary`. */
  readonly symbols: SymbolVocabulary | undefined
}

export const decodeLoadText = (
  params: LoadTextParams,
  wired: { readonly model: number; readonly tokenizer: number }
): Decoded<LoadTextSettings> => {
  const { vocabulary, vocab_size, bos_token, separator } = params
  const meanings = {
    model: wired.model > 0,
    tokenizer: wired.tokenizer > 0,
    vocabulary: vocabulary !== null,
    vocab_size: vocab_size !== null
  }
  const given = Object.entries(meanings).flatMap(([name, is]) => (is ? [name] : []))
  const problems: Array<ParamProblem> = []
  if (given.length !== 1) {
    const problem =
      given.length === 0
        ? "nothing says what the token ids mean"
        : `${given.join(" and ")} both say what token ids mean`
    problems.push({
      param: given[1] ?? "model",
      problem,
      remedy: "give one of model, tokenizer, vocabulary and vocab_size"
    })
  }
  if (bos_token !== null && meanings.vocab_size && given.length === 1) {
    const remedy = "give a model, a tokenizer or a vocabulary that has it"
    problems.push({ param: "bos_token", problem: `bos_token is ${bos_token}, and ids alone have no spelling`, remedy })
  }
  if (separator === "eos" && !meanings.model) {
    const problem = "separator is eos, and no model says which token that is"
    problems.push({ param: "separator", problem, remedy: "set it to bos or none" })
  }
  if (vocabulary === null) return decoded({ ...params, symbols: undefined }, problems)
  const symbols = symbolVocabulary(vocabulary)
  if (Result.isFailure(symbols)) return Result.fail([...problems, ...symbols.failure])
  return decoded({ ...params, symbols: symbols.success }, problems)
}
