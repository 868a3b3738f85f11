/** Texts of classes, split by document into those that probes and rankings see and those that are measured. */
import type { Rng } from "../../random/rng.ts"
import type { TextPlace } from "./latent-effects.ts"
import type { ProbeRows } from "./linear-probe.ts"
import type { PooledTexts } from "./pooled-texts.ts"

export interface ClassText extends TextPlace {
  /** Mean activation. */
  readonly x: Float64Array
  /** Number of its document among those of all classes. */
  readonly document: number
}

export interface ClassTexts {
  readonly name: string
  readonly train: ReadonlyArray<ClassText>
  readonly test: ReadonlyArray<ClassText>
}

/** Texts, and which of them are positive. */
export interface LabelledTexts {
  readonly texts: ReadonlyArray<ClassText>
  readonly positive: ReadonlyArray<boolean>
}

export const probeRows = ({ texts, positive }: LabelledTexts): ProbeRows => ({ x: texts.map(({ x }) => x), positive })

/**
 * @param firstDocument number of the class's first document among those of all classes
 * @param heldOut share of the documents
 */
export const splitTexts = (
  { count, documents, rows, codes }: PooledTexts,
  { name, hook, reader }: { readonly name: string; readonly hook: string; readonly reader: number },
  firstDocument: number,
  heldOut: number,
  rng: Rng
): ClassTexts => {
  const found = [...new Set(documents)]
  const tested = new Set(
    Array.from(
      rng.permutation(found.length).subarray(0, Math.min(found.length - 1, Math.ceil(heldOut * found.length))),
      (place) => found[place]!
    )
  )
  const width = rows[hook]!.length / count
  const texts = documents.map((document, text) => ({
    codes: codes[reader]!,
    text,
    x: rows[hook]!.subarray(text * width, (text + 1) * width),
    document: firstDocument + found.indexOf(document),
    tested: tested.has(document)
  }))
  return { name, train: texts.filter((text) => !text.tested), test: texts.filter((text) => text.tested) }
}

const shuffled = <T>(items: ReadonlyArray<T>, rng: Rng): ReadonlyArray<T> =>
  Array.from(rng.permutation(items.length), (place) => items[place]!)

export const labelled = (positive: ReadonlyArray<ClassText>, negative: ReadonlyArray<ClassText>): LabelledTexts => ({
  texts: [...positive, ...negative],
  positive: [...positive.map(() => true), ...negative.map(() => false)]
})

/** Texts of one class, and as many of the others together: the same number of each, or all of one that has fewer. */
export const oneAgainstOthers = (
  classes: ReadonlyArray<ReadonlyArray<ClassText>>,
  chosen: number,
  rng: Rng
): LabelledTexts => {
  const own = shuffled(classes[chosen]!, rng)
  const others = classes.filter((_, other) => other !== chosen)
  const each = Math.ceil(own.length / others.length)
  const negative = shuffled(
    others.flatMap((texts) => shuffled(texts, rng).slice(0, each)),
    rng
  ).slice(0, own.length)
  return labelled(own.slice(0, negative.length), negative)
}

/** The control: documents of all classes dealt out anew, as many to each class as it had, those of training and of test apart. */
export const dealtAnew = (classes: ReadonlyArray<ClassTexts>, rng: Rng): ReadonlyArray<ClassTexts> => {
  const deal = (part: "train" | "test"): ReadonlyArray<ReadonlyArray<ClassText>> => {
    const documents = classes.map((each) => [...new Set(each[part].map(({ document }) => document))])
    const all = shuffled(documents.flat(), rng)
    let first = 0
    return documents.map(({ length }) => {
      const own = new Set(all.slice(first, first + length))
      first += length
      return classes.flatMap((each) => each[part].filter(({ document }) => own.has(document)))
    })
  }
  const [train, test] = [deal("train"), deal("test")]
  return classes.map(({ name }, n) => ({ name, train: train[n]!, test: test[n]! }))
}
