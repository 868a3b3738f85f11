import { expect, it } from "vitest"
import { moreOf } from "../../src/run/more-resources.ts"

const GIB = 2 ** 30
const gpu = { vram: 80 * GIB, memory: 64 * GIB }

it("gives twice what was asked for, at most all that there is, and then no more", () => {
  const vram = (asked: number | undefined): number | undefined => {
    const more = moreOf(asked === undefined ? {} : { vram: asked * GIB }, "vram", gpu)
    return more === undefined ? undefined : (more.resources.vram ?? 0) / GIB
  }
  expect([8, 16, 48, 80, undefined].map(vram)).toEqual([16, 32, 80, undefined, 80])
  expect(moreOf({ gpu: 1, memory: 8 * GIB }, "memory", gpu)).toEqual({
    resources: { gpu: 1, memory: 16 * GIB },
    words: "16.0 GiB of memory"
  })
})

it("gives twice what a job was given that asked for nothing, or for less", () => {
  for (const asked of [{}, { memory: GIB }]) {
    expect(moreOf(asked, "memory", { vram: null, memory: null }, 4 * GIB)?.resources.memory).toBe(8 * GIB)
  }
})

it("gives more of nothing that nobody has named, and none for another failure", () => {
  expect(moreOf({}, "memory", gpu)).toBeUndefined()
  expect(moreOf({}, "vram", { vram: null, memory: null })).toBeUndefined()
  expect(moreOf({ vram: 8 * GIB }, "vram", { vram: null, memory: null })?.resources.vram).toBe(16 * GIB)
  expect(moreOf({ vram: 8 * GIB }, undefined, gpu)).toBeUndefined()
})
