/** Reads one damaged copy of a file, told by its number, and says what is wrong with how that went. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "../../src/random/rng.ts"
import type { OutsideFormat } from "./formats.ts"
import { mutate } from "./mutate.ts"
import { rawError } from "./raw-error.ts"

export interface Tried {
  readonly file: string
  readonly bytes: Uint8Array
  readonly outcome: "read" | "refused"
  /** undefined: as it should be. */
  readonly problem: string | undefined
}

export const mutation = ({ name, files, isText }: OutsideFormat, number: number) => {
  const rng = Random.make(number, `mutations of ${name}`)
  const file = files[number % files.length] as OutsideFormat["files"][number]
  const other = files[rng.int(files.length)] as OutsideFormat["files"][number]
  return { file, bytes: mutate(file.bytes, other.bytes, isText, rng) }
}

export const tryMutation = async (format: OutsideFormat, number: number): Promise<Tried> => {
  const { file, bytes } = mutation(format, number)
  const exit = await Effect.runPromiseExit(Effect.scoped(file.read(bytes)))
  if (Exit.isSuccess(exit)) return { file: file.name, bytes, outcome: "read", problem: undefined }
  return { file: file.name, bytes, outcome: "refused", problem: rawError(exit.cause, file.names ?? [file.name]) }
}
