import { expect, it } from "vitest"
import * as Param from "../../src/stage/param.ts"

it("a default that a file could not give is refused where it is declared", () => {
  const description = "a number"
  expect(() => Param.integer({ description, default: 1.5 })).toThrow(
    "the default 1.5 is not what the parameter takes: integer"
  )
  expect(() => Param.integer({ description, default: 5, minimum: 10 })).toThrow("takes: integer >= 10")
  expect(() => Param.number({ description, default: 0, above: 0 })).toThrow("takes: number > 0")
  expect(() => Param.choice(["mean", "zero"], { description, default: "median" as "mean" })).toThrow(
    'the default "median" is not what the parameter takes: one of mean, zero'
  )
  expect(() => Param.list(Param.integer({ description }), { description, default: [1, 2.5] })).toThrow(
    "list of integer"
  )
  expect(Param.integer({ description, default: 10, minimum: 10 }).default).toBe(10)
  expect(Param.number({ description, default: null, minimum: 1 }).default).toBeNull()
})
