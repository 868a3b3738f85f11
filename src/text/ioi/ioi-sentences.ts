/**
 * Sentences with an indirect object (Wang et al., "Interpretability in the wild", arXiv 2211.00593): two people, one of whom gives something;
 * who gets it is the other one. All are of as many words, and every word of a list stands in the same place.
 */
import type * as Rng from "../../random/rng.ts"

/** What stands in the places of a sentence. */
export interface IoiWords {
  readonly openings: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly moves: ReadonlyArray<string>
  readonly places: ReadonlyArray<string>
  readonly gifts: ReadonlyArray<string>
  readonly objects: ReadonlyArray<string>
}

const list = (words: string): ReadonlyArray<string> => words.split(" ")

export const ioiWords: IoiWords = {
  openings: list("When While After Then"),
  names: list(
    "Mary John Tom James Dan Martin Amy Kevin David Anna Mark Paul Sarah Peter Laura Jack Lisa Brian Jason Rachel Alice Simon Kate Adam Emma Henry Grace Oliver Lucy Frank Helen Robert"
  ),
  moves: list("went walked drove ran"),
  places: list("store garden restaurant school hospital office house station market church"),
  gifts: list("gave handed passed offered"),
  objects: list("ring book drink ball bone letter key coat lamp apple")
}

/** Whether the giver is named first. */
export type IoiOrder = "ABA" | "ABB"

export interface IoiSentence {
  /** Up to the word before the last, which is the receiver. */
  readonly prompt: string
  readonly giver: string
  readonly receiver: string
}

/** `words` of one draw: an opening, two different names, and so on. */
export interface IoiChoice {
  readonly opening: string
  readonly first: string
  readonly second: string
  readonly move: string
  readonly place: string
  readonly gift: string
  readonly object: string
}

export const chooseIoi = (words: IoiWords, rng: Rng.Rng): IoiChoice => {
  const one = (from: ReadonlyArray<string>): string => from[rng.int(from.length)] as string
  const first = rng.int(words.names.length)
  const second = (first + 1 + rng.int(words.names.length - 1)) % words.names.length
  return {
    opening: one(words.openings),
    first: words.names[first] as string,
    second: words.names[second] as string,
    move: one(words.moves),
    place: one(words.places),
    gift: one(words.gifts),
    object: one(words.objects)
  }
}

export const ioiSentence = (choice: IoiChoice, order: IoiOrder): IoiSentence => {
  const { opening, first, second, move, place, gift, object } = choice
  const [giver, receiver] = order === "ABA" ? [first, second] : [second, first]
  const prompt = `${opening} ${first} and ${second} ${move} to the ${place}, ${giver} ${gift} a ${object} to`
  return { prompt, giver, receiver }
}

/** Every word that a sentence may hold, as it is written, each once. */
export const ioiSymbols = (words: IoiWords): ReadonlyArray<string> => [
  ...new Set([
    ...words.openings,
    ...words.names,
    ...words.moves,
    ...words.places.map((place) => `${place},`),
    ...words.gifts,
    ...words.objects,
    ...list("and to the a")
  ])
]
