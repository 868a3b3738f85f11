/** The stage load-text: what a model is for tells which tokens a text has. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { TokenizerHandle } from "../kinds/tokenizer.ts"
import { modelInfo } from "./load-model.ts"
import type { Opened } from "../stage/input.ts"
import type { ResolvedSource } from "../stage/source.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { StageFailed, stageFailed } from "../stage/stage-failed.ts"
import { chatText } from "../text/chat-template/chat-text.ts"
import type { Messages } from "../text/chat-template/chat-text.ts"
import { loadText } from "../text/load-text.ts"
import type { LoadTextSettings } from "../text/load-text-params.ts"
import { textVocabulary } from "../text/text-vocabulary.ts"
import type { StreamingTokenizer } from "../text/tokenizer.ts"

interface LoadTextInputs {
  readonly model: Opened<LanguageModelHandle> | undefined
  readonly tokenizer: Opened<TokenizerHandle> | undefined
}

/** The text of a conversation; the BOS that the template puts first goes where contexts get one of their own. */
const chatOf = Effect.fnUntraced(function* (
  handle: LanguageModelHandle | undefined,
  template: string | null,
  bos: number | null,
  tokenizer: StreamingTokenizer | undefined
) {
  const own = handle?.chatTemplate === undefined ? undefined : yield* handle.chatTemplate
  const chat = template === null ? own : { template, tokens: own?.tokens ?? {} }
  if (chat === undefined) return undefined
  const render = chatText(chat)
  if (render instanceof StageFailed) return yield* render
  const { bos_token: first } = chat.tokens
  if (first === undefined || bos === null || tokenizer?.id(first) !== bos) return render
  return (messages: Messages, place: string): string => {
    const text = render(messages, place)
    return text.startsWith(first) ? text.slice(first.length) : text
  }
})

export const textStage = Effect.fn("textStage")(function* ({
  sources,
  inputs,
  settings,
  output,
  progress,
  log
}: StageContext<unknown, { readonly source: ResolvedSource }, LoadTextInputs, LoadTextSettings>) {
  const handle = inputs.model?.value
  const model =
    handle === undefined
      ? undefined
      : yield* modelInfo(handle.config).pipe(
          Effect.mapBoth({
            onSuccess: (info) => ({ handle, ...info }),
            onFailure: (error) => stageFailed(error.message)
          })
        )
  const vocabulary = yield* textVocabulary(model, inputs.tokenizer?.value, settings)
  const { longest, eos } = vocabulary
  const contextSize = settings.context_size ?? Math.min(128, longest ?? 128)
  if (longest !== undefined && contextSize > longest) {
    return yield* stageFailed(`context_size is ${contextSize}, the model takes at most ${longest}`, "Lower it.")
  }
  const bos = settings.bos ? vocabulary.bos : null
  const separator = settings.separator === "bos" ? bos : settings.separator === "eos" ? eos : null
  for (const [name, id] of [
    ["bos", bos],
    ["separator", separator]
  ] as const) {
    if (id === null || id < vocabulary.vocabulary) continue
    return yield* stageFailed(
      `${name} is the token ${id}, and the model knows ids below ${vocabulary.vocabulary}`,
      name === "bos" ? "Set bos: false, or name another token in bos_token." : "Set separator: none."
    )
  }
  if (settings.separator === "eos" && eos === null) {
    return yield* stageFailed("separator is eos, and no model says which token that is", "Set it to bos or none.")
  }
  const { unused, ...loaded } = yield* loadText(sources.source, output, {
    ...vocabulary,
    chat: yield* chatOf(handle, settings.chat_template, bos, vocabulary.tokenizer),
    contextSize,
    bos,
    separator,
    packing: settings.packing,
    shuffleSeed: settings.shuffle_seed,
    field: settings.text_field,
    choice: { split: settings.split, config: settings.config, files: settings.files },
    tokens: settings.tokens,
    progress
  })
  const tokens = loaded.contexts * contextSize
  const missing = Math.max(0, settings.tokens - tokens)
  if (missing > 0) log(`the source has only ${tokens} tokens in whole contexts: ${missing} fewer than wanted`)
  if (unused > 0) log(`${unused} documents are shorter than a context and were left out`)
  return { tokens, missing_tokens: missing, contexts: loaded.contexts, documents: loaded.documents }
})
