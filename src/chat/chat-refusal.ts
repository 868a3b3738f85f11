/** What a server's refusal means: whether it is worth another try, when, and what a person can do. */
import type { StageFailed } from "../stage/stage-failed.ts"
import { stageFailed, StageFailed as Failed } from "../stage/stage-failed.ts"

export interface ChatRefusal {
  readonly failure: StageFailed
  /** Milliseconds that the server asks to wait; null: it says nothing; undefined: another try is of no use. */
  readonly again: number | null | undefined
}

/** Retry-After: seconds, or a date. */
const waitAsked = (header: string | null, now: number): number | null => {
  if (header === null) return null
  const seconds = Number(header)
  const wait = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(header) - now
  return Number.isFinite(wait) ? Math.max(0, wait) : null
}

const passing = (problem: string, remedy: string): StageFailed => new Failed({ problem, remedy, retryable: true })

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > 200 ? `${line.slice(0, 200)}...` : line
}

const messageIn = (body: string): string => {
  const found = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)
  return shortened(found?.[1] ?? body)
}

/** @param said the body, out of which the key was taken */
export const refusalOf = (
  address: string,
  status: number,
  said: string,
  { keyName, retryAfter, now }: { readonly keyName: string; readonly retryAfter: string | null; readonly now: number }
): ChatRefusal => {
  const problem = `${address} answers ${status}${said === "" ? "" : `: ${messageIn(said)}`}`
  if (status === 429 || status === 408 || status >= 500) {
    const wait = waitAsked(retryAfter, now)
    const when = wait === null || wait === 0 ? "later" : `in ${Math.ceil(wait / 1000)} s, as it asks`
    return {
      failure: passing(
        problem,
        `Run again ${when}: answers that came are kept. Lower parallel where it says too many requests.`
      ),
      again: wait
    }
  }
  const remedy =
    status === 401 || status === 403
      ? `Set ${keyName} to a key that the server takes.`
      : status === 404
        ? "Check endpoint (it ends in /v1 for most servers) and the name of the model."
        : "Check the model's name and what it takes: the length of a prompt, temperature, log probabilities (probabilities: false asks for none, without simulation among the scorers)."
  return { failure: stageFailed(problem, remedy), again: undefined }
}

/** Nothing came, or not all. */
export const unreachable = (address: string, cause: string): ChatRefusal => ({
  failure: passing(
    `${address} cannot be reached: ${cause}`,
    "Start the server or check endpoint; answers that came are kept."
  ),
  again: null
})

/** @param said the body, out of which the key was taken */
export const unreadable = (address: string, said: string): ChatRefusal => ({
  failure: passing(
    `${address} gives no answer of the chat completions protocol: ${messageIn(said)}`,
    "Check endpoint (it ends in /v1 for most servers) and what the server says of itself; answers that came are kept."
  ),
  again: null
})
