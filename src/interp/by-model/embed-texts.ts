/** How near texts are to the explanation in the space of a language model: the cosine of what stands for both inside (Delphi's embedding scorer). */
import * as Effect from "effect/Effect"
import type { TextReader } from "../../chat/text-reader.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"

/** 0 where one of them has no length. */
const cosine = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  let [dot, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!
    aa += a[i]! * a[i]!
    bb += b[i]! * b[i]!
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb)
}

export const embeddedTexts = (
  reader: TextReader,
  explanation: string,
  texts: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<number>, StageFailed> =>
  Effect.map(reader.embeddings([explanation, ...texts]), ([own = [], ...others]) =>
    others.map((each) => cosine(own, each))
  )
