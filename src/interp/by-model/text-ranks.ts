/**
 * Numbers that a judge gives to texts, higher where the latent rather fires by the explanation. How well they order the texts is their AUC: a small
 * model that says yes to every text may still say it more surely where it is right.
 */
import { roc } from "../../numeric/roc.ts"

/** One number a text; undefined where the judge does not tell it. */
export type TextNumbers = ReadonlyArray<number | undefined>

type Tests = ReadonlyArray<{ readonly right: boolean }>

/** The AUC over the texts that have a number, and how many have; undefined where texts of one sort have none. */
export const rankedTexts = (
  numbers: TextNumbers,
  tests: Tests
): { readonly auc: number; readonly texts: number } | undefined => {
  const told = numbers.flatMap((number, i) =>
    number === undefined ? [] : [{ number, right: tests[i]?.right === true }]
  )
  if (!told.some((each) => each.right) || told.every((each) => each.right)) return undefined
  const { auc } = roc(
    told.map(({ number }) => number),
    told.map((each) => each.right)
  )
  return { auc, texts: told.length }
}

/** The AUC of each text's number less the one that it has by another explanation: a half where explanations do not matter. */
export const contrast = (own: TextNumbers, other: TextNumbers, tests: Tests): number | null =>
  rankedTexts(
    own.map((number, i) => {
      const without = other[i]
      return number === undefined || without === undefined ? undefined : number - without
    }),
    tests
  )?.auc ?? null
