import { describe, expect, it } from "vitest"
import { makeProgressMeter } from "../../../src/execute/worker/progress-meter.ts"

describe("the progress meter", () => {
  it("tells the rate and what remains", () => {
    let now = 0
    const meter = makeProgressMeter(() => now)
    expect(meter({ done: 0, total: 100, unit: "steps" })).toMatchObject({ done: 0, rate: null, eta: null })
    now = 1000
    expect(meter({ done: 20, total: 100, unit: "steps" })).toMatchObject({ rate: 20, eta: 4 })
    now = 2000
    expect(meter({ done: 100, total: 100, unit: "steps" })).toMatchObject({ rate: 50, eta: 0 })
  })

  it("counts from where a resumed stage starts, not from zero", () => {
    let now = 0
    const meter = makeProgressMeter(() => now)
    meter({ done: 5000, total: 6000, unit: "steps" })
    now = 1000
    expect(meter({ done: 5010, total: 6000, unit: "steps" })).toMatchObject({ rate: 10, eta: 99 })
  })

  it("gives at most five readings a second, and the last one", () => {
    let now = 0
    const meter = makeProgressMeter(() => now)
    let readings = 0
    for (let done = 0; done <= 1000; done++) {
      now = done
      if (meter({ done, total: 1000, unit: "steps" }) !== undefined) readings++
    }
    expect(readings).toBe(6)
    expect(meter({ done: 1000, total: 1000, unit: "steps" })).toBeUndefined()
  })

  it("forgets what was long ago: half a minute decides", () => {
    let now = 0
    const meter = makeProgressMeter(() => now)
    for (let second = 0; second <= 100; second++) {
      now = second * 1000
      meter({ done: second * 10, total: 10_000, unit: "steps" })
    }
    // Then ten times slower.
    for (let second = 1; second <= 40; second++) {
      now = 100_000 + second * 1000
      const reading = meter({ done: 1000 + second, total: 10_000, unit: "steps" })
      if (second === 40) expect(reading?.rate).toBeCloseTo(1, 1)
    }
  })

  it("starts anew with another phase, and drops what is no number", () => {
    let now = 0
    const meter = makeProgressMeter(() => now)
    meter({ done: 90, total: 100, unit: "tokens" })
    now = 50
    expect(meter({ done: 0, total: 10, unit: "steps", metrics: { loss: Number.NaN, l0: 3 } })).toEqual({
      done: 0,
      total: 10,
      unit: "steps",
      rate: null,
      eta: null,
      metrics: { l0: 3 }
    })
  })
})
