import { assert, describe, it } from "vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Files } from "../../src/kinds/files.ts"
import * as Param from "../../src/stage/param.ts"
import * as Stage from "../../src/stage/stage.ts"
import type { InstanceContext } from "../../src/stage/stage.ts"

const rest = {
  summary: "for tests",
  inputs: {},
  output: Files,
  metrics: { y: { better: "neither", tolerance: 0, description: "a number" } },
  engine: false,
  isolation: "inline"
} as const

/** As much of it as these kinds look at. */
const given = (x: number) => ({ params: { x }, wired: {}, inputs: {}, sources: {} }) as unknown as InstanceContext

describe("a number with bounds", () => {
  it("says them as one would, and takes no other", () => {
    const of = (bounds: Pick<Parameters<typeof Param.number>[0], "minimum" | "above" | "maximum">) =>
      Param.number({ description: "a number", ...bounds })
    const taken = (param: ReturnType<typeof of>) =>
      [-1, 0, 0.5, 1, 2].filter((x) => Schema.is(Schema.toType(param.schema))(x))
    const told = [
      of({}),
      of({ minimum: 0 }),
      of({ above: 0 }),
      of({ maximum: 1 }),
      of({ minimum: 0, maximum: 1 }),
      of({ above: 0, maximum: 1 })
    ].map((param) => [param.type, taken(param)])
    assert.deepStrictEqual(told, [
      ["number", [-1, 0, 0.5, 1, 2]],
      ["number >= 0", [0, 0.5, 1, 2]],
      ["number > 0", [0.5, 1, 2]],
      ["number <= 1", [-1, 0, 0.5, 1]],
      ["number from 0 to 1", [0, 0.5, 1]],
      ["number > 0 and <= 1", [0.5, 1]]
    ])
  })

  it("has no bound by another name", () => {
    // @ts-expect-error: it is minimum
    Param.integer({ description: "a number", min: 1 })
  })
})

describe("a stage kind", () => {
  it("decodes once when files are checked, for all that is asked then, and once for a run", () => {
    const calls: Array<number> = []
    const kind = Stage.make("halves", {
      ...rest,
      params: { x: Param.number({ description: "a number" }) },
      decode: ({ x }) => {
        calls.push(x)
        return Stage.decoded(
          { half: x / 2 },
          x < 0 ? [{ param: "x", problem: "x is negative", remedy: "raise it" }] : []
        )
      },
      resources: ({ settings }) => ({ memory: settings.half }),
      facts: ({ settings, projectDirectory }) => Effect.succeed({ at: `${projectDirectory} ${settings.half}` }),
      run: ({ params, settings }) => Effect.succeed({ y: settings.half + params.x })
    })
    const decoded = Result.getOrThrow(kind.decode({ x: 8 }, {}))
    assert.deepStrictEqual(decoded.resources, { memory: 4 })
    assert.deepStrictEqual(Effect.runSync(decoded.facts?.("/p") ?? Effect.succeed({})), { at: "/p 4" })
    assert.isUndefined(decoded.group({}))
    assert.deepStrictEqual(calls, [8])
    assert.deepStrictEqual(Effect.runSync(Effect.scoped(kind.run([given(6)]))), [{ y: 9 }])
    assert.deepStrictEqual(calls, [8, 6])
    const refused = Effect.runSync(Effect.scoped(Effect.flip(kind.run([given(-1)]))))
    assert.strictEqual(refused.message, "x: x is negative; raise it")
  })

  it("runs instances one after the other, or together where that is what it declares", () => {
    const params = { x: Param.number({ description: "a number" }) }
    const passes: Array<number> = []
    const together = Stage.make("together", {
      ...rest,
      params,
      runTogether: {
        group: ({ params: { x } }) => (x < 0 ? undefined : String(x % 2)),
        run: (members) => {
          passes.push(members.length)
          return Effect.succeed(members.map((member) => ({ y: member.params.x })))
        }
      }
    })
    const alone = Stage.make("alone", { ...rest, params, run: (context) => Effect.succeed({ y: context.params.x }) })
    for (const kind of [together, alone]) {
      const results = Effect.runSync(Effect.scoped(kind.run([given(1), given(3)])))
      assert.deepStrictEqual(results, [{ y: 1 }, { y: 3 }])
    }
    assert.deepStrictEqual(Effect.runSync(Effect.scoped(together.run([given(5)]))), [{ y: 5 }])
    assert.deepStrictEqual(passes, [2, 1])
    const group = (x: number) => Result.getOrThrow(together.decode({ x }, {})).group({})
    assert.deepStrictEqual([group(1), group(3), group(4), group(-1)], ["1", "1", "0", undefined])
  })
})
