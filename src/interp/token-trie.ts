/**
 * The explanation of one latent in the way of Neuron to Graph (Foote et al. 2023, arXiv 2304.12918): token patterns,
 * kept as a trie that is read right to left from the activating token, with wildcards for tokens that do not matter.
 */

/** Stands for any one token in a pattern. */
export const wildcard: number = -1

export interface TokenPattern {
  /** Token ids right to left: `steps[0]` is the activating token, `steps[1]` the one before it, ... */
  readonly steps: ReadonlyArray<number>
  /** The latent's activation that the pattern predicts, as a share of the latent's maximum. */
  readonly activation: number
}

interface Node {
  readonly children: Map<number, Node>
  /** Activation of the pattern that ends here; 0 where none does. */
  activation: number
}

export interface TokenTrie {
  readonly root: Node
  /** Tokens that a match can end with, or undefined where a pattern ends with a wildcard. */
  readonly pivots: ReadonlySet<number> | undefined
}

const makeNode = (): Node => ({ children: new Map(), activation: 0 })

/** Equal patterns are merged: the larger activation stays. A pattern without steps would match everything: refused. */
export const makeTrie = (patterns: Iterable<TokenPattern>): TokenTrie => {
  const root = makeNode()
  for (const { steps, activation } of patterns) {
    if (steps.length === 0) throw new RangeError("a token pattern needs at least its activating token")
    let node = root
    for (const step of steps) {
      let child = node.children.get(step)
      if (child === undefined) node.children.set(step, (child = makeNode()))
      node = child
    }
    node.activation = Math.max(node.activation, activation)
  }
  return { root, pivots: root.children.has(wildcard) ? undefined : new Set(root.children.keys()) }
}

/** The largest activation below `node` for the tokens that end at `position`; nothing before `start` is read. */
const search = (node: Node, tokens: ArrayLike<number>, position: number, start: number): number => {
  let best = node.activation
  if (position < start) return best
  const literal = node.children.get(tokens[position] as number)
  if (literal !== undefined) best = Math.max(best, search(literal, tokens, position - 1, start))
  const any = node.children.get(wildcard)
  if (any !== undefined) best = Math.max(best, search(any, tokens, position - 1, start))
  return best
}

/**
 * Predicted activation at `position`: the largest of all patterns that match there, 0 where none does.
 *
 * @param start First position of the context; a pattern that would reach further left does not match.
 */
export const predictActivation = (
  trie: TokenTrie,
  tokens: ArrayLike<number>,
  position: number,
  start: number
): number => {
  if (trie.pivots !== undefined && !trie.pivots.has(tokens[position] as number)) return 0
  return search(trie.root, tokens, position, start)
}

/** Whether one pattern matches at `position`. `predictActivation` is the maximum over the patterns that do. */
export const matchesPattern = (
  steps: ReadonlyArray<number>,
  tokens: ArrayLike<number>,
  position: number,
  start: number
): boolean =>
  position - steps.length + 1 >= start &&
  steps.every((step, i) => step === wildcard || step === (tokens[position - i] as number))
