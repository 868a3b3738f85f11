/** A language model that answers conversations, as explanations and their scores need one: the port behind which servers stand. */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StageFailed } from "../stage/stage-failed.ts"

export interface ChatMessage {
  readonly role: "assistant" | "system" | "user"
  readonly content: string
}

export interface ChatRequest {
  readonly messages: ReadonlyArray<ChatMessage>
  /** Tokens of the answer at most. */
  readonly maxTokens: number
  /** Whether the tokens that might have stood in place of each token of the answer are wanted. */
  readonly alternatives: boolean
  /**
   * What the answer begins with and what ends it, for a model that can be held to that: a small one does not stop by itself. A server is
   * asked by the messages alone. `list`: between them stand as many of these texts, with commas.
   */
  readonly form: {
    readonly begins: string
    readonly ends: string
    /** Tokens after which it is cut. */
    readonly most?: number
    readonly list?: { readonly count: number; readonly of: ReadonlyArray<string> }
  }
  /** How the last message begins, where others begin so, too, after the same messages: a model that is run here runs that once. */
  readonly shared?: string
}

/** One token of an answer, and what might have stood there, itself included. */
const AnswerToken = Schema.Struct({
  token: Schema.String,
  alternatives: Schema.Array(Schema.Struct({ token: Schema.String, logprob: Schema.Finite }))
})
export type AnswerToken = typeof AnswerToken.Type

export const ChatAnswer = Schema.Struct({
  text: Schema.String,
  /** Null where the model does not tell them. */
  tokens: Schema.NullOr(Schema.Array(AnswerToken)),
  /** Tokens read and written, as the model counts them. */
  usage: Schema.Struct({ prompt: Schema.Finite, completion: Schema.Finite })
})
export type ChatAnswer = typeof ChatAnswer.Type

export interface ChatModel {
  readonly ask: (request: ChatRequest) => Effect.Effect<ChatAnswer, StageFailed>
  /** So far: requests that were sent (again, too), answers that an earlier run had paid for, tokens of the former. */
  readonly spent: () => { readonly requests: number; readonly kept: number; readonly tokens: number }
}
