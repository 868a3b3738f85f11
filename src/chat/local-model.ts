/**
 * A model of this program as a chat model: it answers at temperature 0, so that the same is said again, on the stage's own engine and
 * without a network. Answers are saved with the stage's checkpoints.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import { endTokens } from "../model/end-tokens.ts"
import { generate } from "../model/generate.ts"
import { openModel } from "../model/open-model.ts"
import { type Checkpoint, loadState } from "../stage/checkpoint.ts"
import { StageFailed, stageFailed } from "../stage/stage-failed.ts"
import { chatText } from "../text/chat-template/chat-text.ts"
import { DocumentProblem } from "../text/documents/document-file.ts"
import { openTokenizer } from "../text/open-tokenizer.ts"
import { ChatAnswer, type ChatModel, type ChatRequest } from "./chat-model.ts"

/** Alternatives told for each token: more than there are digits. */
const alternatives = 20

const Answers = Schema.Record(Schema.String, ChatAnswer)

/** Fails where the model has no chat template, or cannot be run; its weights live as long as the scope. */
export const localModel = Effect.fn("localModel")(function* (handle: LanguageModelHandle, checkpoint: Checkpoint) {
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

  const answers = new Map(Object.entries((yield* loadState(checkpoint, Answers))?.json ?? {}))
  const spent = { requests: 0, kept: 0, tokens: 0 }

  const answer = Effect.fnUntraced(function* ({ messages, maxTokens, alternatives: wanted, form }: ChatRequest) {
    const text = yield* Effect.try({
      try: () =>
        render(
          messages.map((message) => ({ ...message })),
          "a question about a latent"
        ),
      catch: (error) => stageFailed(error instanceof DocumentProblem ? error.message : String(error))
    })
    const prompt = Array.from(tokenizer.encode(text + form.begins))
    const options = { max: maxTokens, stop, ...(wanted ? { alternatives } : {}) }
    const generated = yield* generate(model, prompt, options).pipe(
      Stream.takeUntil(({ id }) => tokenizer.tokenText(id).includes(form.ends)),
      Stream.runCollect
    )
    const said = generated.filter(({ id }) => !stop.has(id))
    spent.requests++
    spent.tokens += prompt.length + generated.length
    return {
      text: form.begins + tokenizer.decode(said.map(({ id }) => id)),
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
    Effect.gen(function* () {
      const asked = createHash("sha256").update(JSON.stringify(request)).digest("hex")
      const known = answers.get(asked)
      if (known !== undefined) {
        spent.kept++
        return known
      }
      const given = yield* answer(request)
      answers.set(asked, given)
      if (checkpoint.due()) yield* checkpoint.save({ json: Object.fromEntries(answers), tensors: {} })
      return given
    }).pipe(
      turn.withPermits(1),
      Effect.catchTag("ArtifactError", (error) => Effect.fail(stageFailed(error.message)))
    )
  return { ask, spent: () => ({ ...spent }) } satisfies ChatModel
})
