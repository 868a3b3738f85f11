/**
 * A model of this program as a chat model: it answers at temperature 0, so that the same is said again, on the stage's own engine and
 * without a network.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import { endTokens } from "../model/end-tokens.ts"
import { chooseTokens, type TokenChoices } from "../model/choose-tokens.ts"
import { generate } from "../model/generate.ts"
import { openModel } from "../model/open-model.ts"
import { StageFailed, stageFailed } from "../stage/stage-failed.ts"
import { chatText } from "../text/chat-template/chat-text.ts"
import { DocumentProblem } from "../text/documents/document-file.ts"
import { openTokenizer } from "../text/open-tokenizer.ts"
import type { TextTokenizer } from "../text/tokenizer.ts"
import type { AnsweredBefore } from "./answered-before.ts"
import { begunPrompts } from "./begun-prompts.ts"
import { ChatAnswer, type ChatModel, type ChatRequest } from "./chat-model.ts"

/** Alternatives told for each token: more than there are digits. */
const alternatives = 20

/** What two token lists begin with, less than all of either. */
const common = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): ReadonlyArray<number> => {
  const most = Math.min(a.length, b.length) - 1
  const differs = a.findIndex((id, i) => i >= most || b[i] !== id)
  return a.slice(0, Math.max(0, differs))
}

/** Undefined where fewer than two of the texts are one token wherever they stand in the list: then it is not held to them. */
const listChoices = (
  { encode }: Pick<TextTokenizer, "encode">,
  begins: string,
  { count, of }: NonNullable<ChatRequest["form"]["list"]>
): TokenChoices | undefined => {
  const [before, between] = [encode(begins), encode(",")]
  const options = of.flatMap((text) => {
    const [id, ...more] = encode(text)
    const listed = encode(`${begins}${text},${text}`)
    return id !== undefined && more.length === 0 && listed.join() === [...before, id, ...between, id].join() ? [id] : []
  })
  return options.length < 2 ? undefined : { count, options, between: [...between] }
}

/** Fails where the model has no chat template, or cannot be run; its weights live as long as the scope. */
export const localModel = Effect.fn("localModel")(function* (
  handle: LanguageModelHandle,
  { answered }: AnsweredBefore
) {
  const chat = yield* handle.chatTemplate ?? Effect.succeed(undefined)
  if (chat === undefined) {
    return yield* stageFailed(
      "the model that explains says nowhere how conversations read: it has no chat template",
      "Give one that was trained on conversations (its name often ends with Instruct, Chat or it)."
    )
  }
  const render = chatText(chat, { answers: true })
  if (render instanceof StageFailed) return yield* render
  const model = yield* openModel(handle)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const named = tokenizer.id(chat.tokens["eos_token"] ?? "")
  const stop = new Set([...endTokens(handle.config), ...(named === undefined ? [] : [named])])

  const spent = { requests: 0, kept: 0, tokens: 0 }

  const begun = yield* begunPrompts(model)

  const written = (messages: ChatRequest["messages"]) =>
    Effect.try({
      try: () =>
        render(
          messages.map((message) => ({ ...message })),
          "a question about a latent"
        ),
      catch: (error) => stageFailed(error instanceof DocumentProblem ? error.message : String(error))
    })

  /** By what is asked alone, not by what was asked before: the same answer whichever questions an earlier run had answered. */
  const prefixOf = Effect.fnUntraced(function* ({ messages, shared }: ChatRequest, prompt: ReadonlyArray<number>) {
    const last = messages.at(-1)
    if (shared === undefined || last === undefined) return undefined
    const other = yield* written([...messages.slice(0, -1), { ...last, content: shared }])
    return begun(common(prompt, Array.from(tokenizer.encode(other))))
  })

  const answer = Effect.fnUntraced(function* (request: ChatRequest) {
    const { messages, maxTokens, alternatives: wanted, form } = request
    const text = yield* written(messages)
    const choices = form.list && listChoices(tokenizer, form.begins, form.list)
    const prompt = Array.from(tokenizer.encode(text + form.begins))
    const prefix = yield* prefixOf(request, prompt)
    const options = {
      max: Math.min(maxTokens, form.most ?? maxTokens),
      stop,
      ...(wanted ? { alternatives } : {}),
      ...(prefix && { prefix })
    }
    const generated =
      choices === undefined
        ? yield* generate(model, prompt, options).pipe(
            Stream.takeUntil(({ id }) => tokenizer.tokenText(id).includes(form.ends)),
            Stream.runCollect
          )
        : yield* chooseTokens(model, prompt, choices, prefix)
    const said = generated.filter(({ id }) => !stop.has(id))
    spent.requests++
    spent.tokens += prompt.length + generated.length
    const texts = said.map(({ id }) => tokenizer.tokenText(id).trim())
    return {
      text:
        choices === undefined
          ? form.begins + tokenizer.decode(said.map(({ id }) => id))
          : form.begins + texts.join(", ") + form.ends,
      tokens: wanted
        ? said.map((token) => ({
            token: tokenizer.tokenText(token.id),
            alternatives: token.alternatives.map(({ id, logprob }) => ({ token: tokenizer.tokenText(id), logprob }))
          }))
        : null,
      usage: { prompt: prompt.length, completion: generated.length }
    } satisfies ChatAnswer
  })

  // One at a time: the engine is one, and two answers would hold twice the memory.
  const turn = yield* Semaphore.make(1)
  const ask = (request: ChatRequest) =>
    answered(ChatAnswer, request, answer(request), () => void spent.kept++).pipe(
      turn.withPermits(1),
      Effect.catchTag("ArtifactError", (error) => Effect.fail(stageFailed(error.message)))
    )
  return { ask, spent: () => ({ ...spent }) } satisfies ChatModel
})
