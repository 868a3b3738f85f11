/**
 * The added tokens of tokenizer.json: strings that are found in the text before anything is cut, those with `normalized`
 * after the normalizer. Their flags mean what they do in the Rust library: `single_word` wants no word character beside
 * it, `lstrip` and `rstrip` take the white space beside it away.
 */
import { wordCharacter } from "./character-sets.ts"
import type { Model } from "./model.ts"
import type { Normalizer } from "./normalizer.ts"
import type { Part } from "./part.ts"
import { type Piece, slicePiece, wholePiece } from "./piece.ts"

interface AddedToken {
  readonly id: number
  readonly content: string
  /** What is searched for. */
  readonly form: string
  readonly singleWord: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly normalized: boolean
}

/** A stretch of text, or the id of a token that stood there. */
export type Stretch = Piece | number

export interface AddedTokens {
  readonly ids: ReadonlyMap<string, number>
  /** By id: what the token decodes to. */
  readonly forms: ReadonlyMap<number, string>
  readonly lastId: number
  /** Cuts out the tokens that are not normalized. */
  readonly cutOriginal: (piece: Piece) => ReadonlyArray<Stretch>
  /** Cuts out those that are, from a normalized piece. */
  readonly cutNormalized: (piece: Piece) => ReadonlyArray<Stretch>
}

interface Node {
  readonly next: Map<number, Node>
  token: AddedToken | undefined
}

const makeNode = (): Node => ({ next: new Map(), token: undefined })

type Found = { readonly start: number; readonly end: number; readonly token: AddedToken }

/** The leftmost and there the longest token, again and again. */
const finder = (tokens: ReadonlyArray<AddedToken>): ((text: string) => Iterable<Found>) => {
  const root = makeNode()
  for (const token of tokens) {
    let node = root
    for (let i = 0; i < token.form.length; i++) {
      const unit = token.form.charCodeAt(i)
      let next = node.next.get(unit)
      if (next === undefined) node.next.set(unit, (next = makeNode()))
      node = next
    }
    node.token = token
  }
  const firsts = [...root.next.keys()].map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")
  const first = new RegExp(`[${firsts}]`, "g")
  const longestAt = (text: string, start: number): Found | undefined => {
    let found: Found | undefined
    let node: Node | undefined = root
    for (let end = start; end < text.length;) {
      node = node.next.get(text.charCodeAt(end++))
      if (node === undefined) break
      if (node.token !== undefined) found = { start, end, token: node.token }
    }
    return found
  }
  return function* (text) {
    for (let from = 0; ;) {
      first.lastIndex = from
      const start = first.exec(text)?.index
      if (start === undefined) return
      const found = longestAt(text, start)
      if (found !== undefined) yield found
      from = found?.end ?? start + 1
    }
  }
}

const endsWithWord = new RegExp(`${wordCharacter}$`, "v")
const startsWithWord = new RegExp(`^${wordCharacter}`, "v")
const spaceAtEnd = /\p{White_Space}*$/u
const spaceAtStart = /^\p{White_Space}*/u

/** White space at the end of `text.slice(0, end)`, searched from its end. */
const spaceBefore = (text: string, end: number): number => {
  for (let length = 64; ; length *= 2) {
    const tail = text.slice(Math.max(0, end - length), end)
    const space = spaceAtEnd.exec(tail)?.[0].length ?? 0
    if (space < tail.length || tail.length < length) return space
  }
}

const cutter = (tokens: ReadonlyArray<AddedToken>): ((piece: Piece) => ReadonlyArray<Stretch>) => {
  if (tokens.length === 0) return (piece) => (piece.text === "" ? [] : [slicePiece(piece, 0, piece.text.length)])
  const find = finder(tokens)
  return (piece) => {
    const { text } = piece
    const stretches: Array<Stretch> = []
    let before = 0
    for (const { start, end, token } of find(text)) {
      const alone =
        !endsWithWord.test(text.slice(Math.max(0, start - 2), start)) && !startsWithWord.test(text.slice(end, end + 2))
      if (token.singleWord && !alone) continue
      const from = token.lstrip ? Math.max(start - spaceBefore(text, start), before) : start
      if (before < from) stretches.push(slicePiece(piece, before, from))
      before = token.rstrip ? end + (spaceAtStart.exec(text.slice(end))?.[0].length ?? 0) : end
      // One that the token before it took away as white space is none.
      if (from < before) stretches.push(token.id)
    }
    if (before < text.length) stretches.push(slicePiece(piece, before, text.length))
    return stretches
  }
}

const readToken = (part: Part, model: Model, nextId: number, normalizer: Normalizer | undefined): AddedToken => {
  const content = part.text("content")
  const id = model.id(content) ?? nextId
  const said = part.count("id")
  if (said !== id) {
    throw part.refuse(
      `${JSON.stringify(content)} is to have the id ${said}; the library gives it ${id}`,
      "The list of added tokens and vocab do not belong together: take tokenizer.json anew from where it is from."
    )
  }
  const normalized = part.flag("normalized")
  part.ignore("special")
  const form = normalized && normalizer !== undefined ? normalizer(wholePiece(content)).text : content
  if (form === "" && content !== "")
    throw part.refuse(`nothing is left of ${JSON.stringify(content)} when it is normalized`)
  const token = { id, content, form, normalized }
  const flags = { singleWord: part.flag("single_word"), lstrip: part.flag("lstrip"), rstrip: part.flag("rstrip") }
  part.done()
  return { ...token, ...flags }
}

/** @throws TokenizerProblem */
export const readAddedTokens = (
  parts: ReadonlyArray<Part>,
  model: Model,
  normalizer: Normalizer | undefined
): AddedTokens => {
  const byId = new Map<number, AddedToken>()
  let nextId = model.size
  for (const part of parts) {
    // The library leaves these out.
    if (part.text("content") === "") continue
    const token = readToken(part, model, nextId, normalizer)
    if (token.id === nextId && model.id(token.content) === undefined) nextId++
    byId.set(token.id, token)
  }
  const tokens = [...byId.values()]
  const seen = new Map<string, AddedToken>()
  for (const token of tokens) {
    const key = `${token.normalized} ${token.form}`
    const other = seen.get(key)
    if (other !== undefined) {
      const both = `${JSON.stringify(other.content)} and ${JSON.stringify(token.content)}`
      throw (parts[0] as Part).refuse(`the added tokens ${both} are the same when they are normalized`)
    }
    seen.set(key, token)
  }
  return {
    ids: new Map(tokens.map(({ content, id }) => [content, id])),
    forms: new Map(tokens.map(({ form, id }) => [id, form])),
    lastId: tokens.reduce((last, { id }) => Math.max(last, id), -1),
    cutOriginal: cutter(tokens.filter(({ normalized }) => !normalized)),
    cutNormalized: cutter(tokens.filter(({ normalized }) => normalized))
  }
}
