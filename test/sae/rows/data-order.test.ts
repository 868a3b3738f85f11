import * as fc from "fast-check"
import { expect, it } from "vitest"
import { dataOrder, replacementOrder } from "../../../src/sae/rows/data-order.ts"

it("every epoch sees every row once, whatever the batch size, and the order is a function of seed and step", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 17 }), fc.integer(), (rows, batch, seed) => {
      const order = dataOrder(rows, batch, seed)
      const steps = Math.ceil((3 * rows) / batch)
      const seen = Array.from({ length: steps }, (_, step) => [...order.batch(step)]).flat()
      for (let epoch = 0; epoch < 3; epoch++) {
        const rowsSeen = seen.slice(epoch * rows, (epoch + 1) * rows).toSorted((a, b) => a - b)
        expect(rowsSeen).toEqual(Array.from({ length: rows }, (_, i) => i))
      }
      const middle = Math.floor(steps / 2)
      expect([...dataOrder(rows, batch, seed).batch(middle)]).toEqual(seen.slice(middle * batch, (middle + 1) * batch))
    })
  )
})

it("the permutation is of all rows, not within a window", () => {
  const [first] = [dataOrder(10_000, 1000, 1).batch(0)]
  expect(Math.max(...(first as Uint32Array))).toBeGreaterThan(9000)
  expect(Math.min(...(first as Uint32Array))).toBeLessThan(1000)
})

it("with replacement every row is as likely in every place, and the order is a function of seed and step", () => {
  const [rows, batch, steps] = [20, 50, 400]
  const order = replacementOrder(rows, batch, 3)
  const counts = new Float64Array(rows)
  for (let step = 0; step < steps; step++) for (const row of order.batch(step)) counts[row]! += 1
  // 1,000 each, with a deviation of 31.
  expect(Math.max(...counts.map((count) => Math.abs(count - 1000)))).toBeLessThan(150)
  expect(replacementOrder(rows, batch, 3).batch(7)).toEqual(order.batch(7))
  expect(replacementOrder(rows, batch, 4).batch(7)).not.toEqual(order.batch(7))
})
