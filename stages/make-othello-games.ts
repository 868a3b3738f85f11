/** Games of Othello as tokens: a language whose every sentence has a state that is known, the board. */
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("make-othello-games", {
  summary: "Plays legal games of Othello of 60 random moves, one game a context after a token that begins it",
  inputs: {},
  params: {
    games: Param.integer({ default: 20_000, minimum: 1, unit: "games", description: "games" }),
    seed: Param.integer({ default: 0, description: "of the moves" })
  },
  output: Tokens,
  metrics: {
    games: { better: "neither", tolerance: 0, description: "games: contexts" },
    tokens: { better: "neither", tolerance: 0, description: "token ids: 61 a game" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/othello/othello-games-stage.ts"),
    (module) => module.othelloGamesStage
  )
})
