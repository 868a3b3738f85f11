/**
 * What a model answers when it is asked for the first letters of words, and what it carries at each word at one hook. Of the
 * model alone, so every SAE of the hook is measured on the same. `answers.json`, and `rows.safetensors` with `x` [words, width].
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact, ArtifactWriter } from "../../artifact/artifact.ts"
import { makeKind } from "../../artifact/artifact-kind.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { encodeSafetensors, openSafetensors } from "../../format/safetensors.ts"

const AnswersFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digest of the model. */
  model: Schema.String,
  hook: Schema.String,
  words_per_letter: Schema.Int,
  icl_examples: Schema.Int,
  /** Of the prompts' examples. */
  seed: Schema.Int,
  words: Schema.Array(Schema.String),
  /** Of each word: whether the model's best next token is its capital. */
  right: Schema.Array(Schema.Boolean),
  /** Change of the letter's margin, in logits, when the word's activation becomes the mean over all words. */
  word_effect: Schema.Finite
})
export type FirstLetterAnswersFile = typeof AnswersFile.Type

export interface FirstLetterAnswersHandle extends FirstLetterAnswersFile {
  /** Activations of the hook at the words, [words, width], row-major. */
  readonly rows: Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
}

const [answersName, rowsName] = ["answers.json", "rows.safetensors"]

export const writeFirstLetterAnswers = Effect.fnUntraced(function* (
  output: ArtifactWriter,
  file: Omit<FirstLetterAnswersFile, "format">,
  x: Float32Array
) {
  const shape = [file.words.length, x.length / file.words.length]
  yield* output.write(rowsName, encodeSafetensors({ x: { dtype: "F32", shape, data: x } }))
  yield* output.writeJson(answersName, { format: 1, ...file })
})

export const FirstLetterAnswers = makeKind({
  name: "FirstLetterAnswers",
  version: 1,
  description: "what a model answers for the first letters of words, and what it carries at each of them at one hook",
  open: (artifact: Artifact) =>
    Effect.map(readJsonFile(artifact, answersName, AnswersFile), (file): FirstLetterAnswersHandle => ({
      ...file,
      rows: Effect.gen(function* () {
        const tensors = yield* openSafetensors(yield* artifact.open(rowsName), rowsName, artifact.digest)
        return yield* tensors.float32("x")
      }).pipe(Effect.scoped)
    }))
})
