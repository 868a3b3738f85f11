/**
 * The rules of Othello. Squares are 0 .. 63, row by row: a1 is 0, h1 is 7, a8 is 56. Black begins; a player with no legal move
 * passes, and the game ends where neither has one. The first position has white on d4 and e5, black on e4 and d5.
 */

export const squares = 64
/** The four squares that nobody can move to. */
export const centre: ReadonlyArray<number> = [27, 28, 35, 36]

/** Squares that a game is played on, in ascending order: every move is one of these 60. */
export const movable: ReadonlyArray<number> = Array.from({ length: squares }, (_, i) => i).filter(
  (square) => !centre.includes(square)
)

export const squareName = (square: number): string => `${"abcdefgh"[square % 8]}${Math.floor(square / 8) + 1}`

export type Player = 1 | -1

export interface OthelloBoard {
  /** [64] 1: black, -1: white, 0: empty. */
  readonly discs: Int8Array
  /** Whose move it is; where the game is over, whose it would have been. */
  player: Player
}

export const firstBoard = (): OthelloBoard => {
  const discs = new Int8Array(squares)
  discs[27] = discs[36] = -1
  discs[28] = discs[35] = 1
  return { discs, player: 1 }
}

const directions = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => ({ down, right }))).slice()
/** By square and direction: the squares from it to the edge, nearest first; directions with fewer than two are left out. */
const rays: ReadonlyArray<ReadonlyArray<Uint8Array>> = Array.from({ length: squares }, (_, square) =>
  directions.flatMap(({ down, right }) => {
    if (down === 0 && right === 0) return []
    const ray: Array<number> = []
    let [row, column] = [Math.floor(square / 8) + down, (square % 8) + right]
    for (; row >= 0 && row < 8 && column >= 0 && column < 8; row += down, column += right) ray.push(8 * row + column)
    return ray.length < 2 ? [] : [Uint8Array.from(ray)]
  })
)

/** How many discs of a ray a move turns. */
const turnedOf = (discs: Int8Array, ray: Uint8Array, player: Player): number => {
  let length = 0
  while (length < ray.length && discs[ray[length]!] === -player) length++
  return length > 0 && length < ray.length && discs[ray[length]!] === player ? length : 0
}

const isLegalFor = (discs: Int8Array, square: number, player: Player): boolean =>
  discs[square] === 0 && (rays[square] as ReadonlyArray<Uint8Array>).some((ray) => turnedOf(discs, ray, player) > 0)

export const isLegal = ({ discs, player }: OthelloBoard, square: number): boolean => isLegalFor(discs, square, player)

/** Empty where the player has to pass, which `play` has done already, or the game is over. */
export const legalMoves = (board: OthelloBoard): ReadonlyArray<number> =>
  movable.filter((square) => isLegal(board, square))

/** Plays a legal move in place; the next player is the other one, unless that one has to pass and this one can go on. */
export const play = (board: OthelloBoard, square: number): void => {
  const { discs, player } = board
  for (const ray of rays[square] as ReadonlyArray<Uint8Array>) {
    const turned = turnedOf(discs, ray, player)
    for (let i = 0; i < turned; i++) discs[ray[i]!] = player
  }
  discs[square] = player
  const other: Player = player === 1 ? -1 : 1
  const canMove = (of: Player) => movable.some((each) => isLegalFor(discs, each, of))
  board.player = canMove(other) || !canMove(player) ? other : player
}

/** The move that the rules forbid. */
export interface IllegalMove {
  /** From 1. */
  readonly move: number
  readonly problem: string
}

/**
 * Plays moves from the first position, and shows the board after each. Stops at the first illegal one.
 *
 * @param visit the board after move `at` (from 0); it changes with the next
 */
export const replay = (
  moves: ArrayLike<number>,
  visit: (board: OthelloBoard, at: number) => void
): IllegalMove | undefined => {
  const board = firstBoard()
  for (let at = 0; at < moves.length; at++) {
    const square = moves[at] as number
    if (!isLegal(board, square)) {
      const who = board.player === 1 ? "black" : "white"
      const legal = legalMoves(board).map(squareName)
      const instead = legal.length === 0 ? "the game is over" : `${who} may play ${legal.join(", ")}`
      return { move: at + 1, problem: `${squareName(square)} is no legal move: ${instead}` }
    }
    play(board, square)
    visit(board, at)
  }
  return undefined
}
