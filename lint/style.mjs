/** Rules of CONTRIBUTING.md that oxlint has none for: names of files, and how a generator of effects fails. */
import { basename } from "node:path"

const meta = { type: "problem", schema: [] }
const vague = /^(utils?|helpers?|common|misc|shared|lib)\.(ts|mjs)$/

const fileNames = {
  meta,
  create: (context) => ({
    Program: (node) => {
      const name = basename(context.filename)
      if (vague.test(name)) context.report({ node, message: `${name} says nothing: name the file after its concept` })
    }
  })
}

/** An error that a generator of effects catches by `catch` is not in its type. */
const noCatch = {
  meta,
  create: (context) => {
    const functions = []
    const enter = (node) => void functions.push(node)
    const leave = () => void functions.pop()
    return {
      FunctionDeclaration: enter,
      FunctionExpression: enter,
      ArrowFunctionExpression: enter,
      "FunctionDeclaration:exit": leave,
      "FunctionExpression:exit": leave,
      "ArrowFunctionExpression:exit": leave,
      CatchClause: (node) => {
        const inside = functions.at(-1)
        if (inside?.generator !== true || inside.async === true || inside.type !== "FunctionExpression") return
        context.report({
          node,
          message: "no catch in a generator of effects: Effect.try, Effect.result or Effect.catch"
        })
      }
    }
  }
}

export default { meta: { name: "style" }, rules: { "file-names": fileNames, "no-catch-in-generators": noCatch } }
