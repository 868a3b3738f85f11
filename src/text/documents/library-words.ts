/** What a reading library says of a file, where it says something: not what the runtime says of its mistakes. */
import { cutText } from "../../words/cut-text.ts"

const longest = 300

const ofRuntime = (error: Error): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError ||
  /undefined|\bNaN\b|is not a function/.test(error.message)

export const libraryWords = (error: unknown): string => {
  if (!(error instanceof Error) || error.message === "" || ofRuntime(error)) return "its bytes do not fit together"
  return cutText(error.message, longest)
}
