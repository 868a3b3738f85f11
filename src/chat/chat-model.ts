/** A language model that answers conversations, as explanations and their scores need one: the port behind which servers stand. */
import type * as Effect from "effect/Effect"
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
}

/** One token of an answer, and what might have stood there, itself included. */
export interface AnswerToken {
  readonly token: string
  readonly alternatives: ReadonlyArray<{ readonly token: string; readonly logprob: number }>
}

export interface ChatAnswer {
  readonly text: string
  /** Null where the model does not tell them. */
  readonly tokens: ReadonlyArray<AnswerToken> | null
  /** Tokens read and written, as the model counts them. */
  readonly usage: { readonly prompt: number; readonly completion: number }
}

export interface ChatModel {
  readonly ask: (request: ChatRequest) => Effect.Effect<ChatAnswer, StageFailed>
  /** So far: requests that were sent (again, too), answers that an earlier run had paid for, tokens of the former. */
  readonly spent: () => { readonly requests: number; readonly kept: number; readonly tokens: number }
}
