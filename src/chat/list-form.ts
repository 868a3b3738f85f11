/** An answer that is a list of so many of some texts. */
import type { ChatRequest } from "./chat-model.ts"

export const listForm = (count: number, of: ReadonlyArray<string>): ChatRequest["form"] => ({
  begins: "[",
  ends: "]",
  list: { count, of }
})
