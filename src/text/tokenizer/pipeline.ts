/**
 * A tokenizer.json as the Rust library `tokenizers` applies it: added tokens, normalizer, pre-tokenizer, model; and back.
 * Every part that it can hold is here, each checked against that library (0.23) on every code point and on texts of many
 * languages and of code (`bench/fidelity/tokenizers.ts`); a field or part that is not known is refused by name. Special
 * tokens of the post-processor are not added: whoever packs contexts says which stand there.
 */
import { type AddedTokens, readAddedTokens } from "./added-tokens.ts"
import { makeDecoder } from "./decoder.ts"
import { makeModel } from "./make-model.ts"
import type { Model } from "./model.ts"
import { makeNormalizer } from "./normalizer.ts"
import { openPart, type Part } from "./part.ts"
import { wholePiece } from "./piece.ts"
import { makePreTokenizer } from "./pre-tokenizer.ts"
import { TokenizerProblem } from "./tokenizer-problem.ts"

export interface Pipeline {
  /** Appends the ids of a text. @throws TokenizerProblem */
  readonly encode: (text: string, out: Array<number>) => void
  readonly decode: (ids: ArrayLike<number>) => string
  readonly id: (token: string) => number | undefined
  /** A token as the tokenizer's own alphabet spells it. */
  readonly spelling: (id: number) => string | undefined
  readonly lastId: number
}

/** Cutting off and filling up belong to batches, not to documents; the library would do it to every text. */
const refuseBatching = (part: Part): void => {
  if (part.has("truncation")) {
    const { max_length: length } = part.object("truncation")
    throw new TokenizerProblem(
      "truncation",
      `every text is cut off after ${JSON.stringify(length)} tokens`,
      "Set truncation to null."
    )
  }
  if (!part.has("padding")) return
  const { strategy, pad_to_multiple_of: multiple } = part.object("padding")
  if (strategy === "BatchLongest" && (multiple === null || multiple === undefined)) return
  throw new TokenizerProblem("padding", `every text is filled up (${JSON.stringify(strategy)})`, "Set padding to null.")
}

/** They do not change the ids of a text without special tokens. */
const postProcessors = ["BertProcessing", "ByteLevel", "RobertaProcessing", "TemplateProcessing", "Sequence"]

/** @param json tokenizer.json, parsed. @throws TokenizerProblem */
export const makePipeline = (json: unknown): Pipeline => {
  const whole = openPart(json, "tokenizer.json")
  const partAt = (name: string): Part | undefined => (whole.has(name) ? openPart(whole.object(name), name) : undefined)
  const of = <A>(name: string, make: (part: Part) => A): A | undefined => {
    const part = partAt(name)
    return part === undefined ? undefined : make(part)
  }
  refuseBatching(whole)
  const version = whole.optionalText("version")
  if (version !== undefined && version !== "1.0") throw new TokenizerProblem("version", `it is ${version}, not 1.0`)
  const model: Model = makeModel(openPart(whole.object("model"), "model"))
  const normalizer = of("normalizer", makeNormalizer)
  const preTokenizer = of("pre_tokenizer", makePreTokenizer)
  const decoder = of("decoder", makeDecoder)
  of("post_processor", (part) => part.choice("type", postProcessors))
  const added: AddedTokens = readAddedTokens(
    whole.has("added_tokens") ? whole.parts("added_tokens") : [],
    model,
    normalizer
  )
  whole.ignore("added_tokens", "normalizer", "pre_tokenizer", "decoder", "post_processor", "truncation", "padding")
  whole.done()

  const spelling = (id: number): string | undefined => added.forms.get(id) ?? model.token(id)
  return {
    encode: (text, out) => {
      if (text === "") return
      for (const stretch of added.cutOriginal(wholePiece(text))) {
        if (typeof stretch === "number") {
          out.push(stretch)
          continue
        }
        for (const inner of added.cutNormalized(normalizer === undefined ? stretch : normalizer(stretch))) {
          if (typeof inner === "number") out.push(inner)
          else if (inner.text !== "") {
            for (const piece of preTokenizer === undefined ? [inner] : preTokenizer([inner]))
              model.encode(piece.text, out)
          }
        }
      }
    },
    spelling,
    decode: (ids) => {
      const tokens = Array.from(ids, spelling).filter((token) => token !== undefined)
      return decoder === undefined ? tokens.join(" ") : decoder(tokens).join("")
    },
    id: (token) => added.ids.get(token) ?? model.id(token),
    lastId: Math.max(model.lastId, added.lastId)
  }
}
