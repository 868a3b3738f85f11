/** What every remote has to do, whatever stands behind it. */
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it } from "vitest"
import type { Remote } from "../../src/remote/port/remote.ts"

const run = Effect.runPromise
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (found: Uint8Array | undefined) => found && new TextDecoder().decode(found)

export const remoteContract = (name: string, make: () => Promise<Remote>): void => {
  describe(name, () => {
    let remote: Remote
    beforeAll(async () => {
      remote = await make()
    })

    it("gives back what was put, byte by byte, and nothing for what never was", async () => {
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) & 255)
      expect(await run(remote.putIfAbsent("bytes/all", all))).toBe(true)
      expect(await run(remote.get("bytes/all", 70_000))).toEqual(all)
      await run(remote.putIfAbsent("bytes/none", new Uint8Array()))
      expect(await run(remote.get("bytes/none", 1))).toEqual(new Uint8Array())
      expect(await run(remote.get("bytes/never", 10))).toBeUndefined()
      expect(await run(remote.get("nowhere/at/all", 10))).toBeUndefined()
    })

    it("takes in no more than it is asked to", async () => {
      await run(remote.putIfAbsent("limit", bytes("12345678")))
      expect((await run(Effect.flip(remote.get("limit", 7)))).message).toContain("limit has more than the 7 bytes")
      expect(text(await run(remote.get("limit", 8)))).toBe("12345678")
    })

    it("lets one of many writers be the first, and keeps theirs", async () => {
      const writers = Array.from({ length: 8 }, (_, i) => remote.putIfAbsent("first", bytes(`writer ${i}`)))
      const won = await run(Effect.all(writers, { concurrency: "unbounded" }))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(text(await run(remote.get("first", 100)))).toBe(`writer ${won.indexOf(true)}`)
      expect(await run(remote.putIfAbsent("first", bytes("late")))).toBe(false)
      expect(text(await run(remote.get("first", 100)))).toBe(`writer ${won.indexOf(true)}`)
    })

    it("replaces where it is told to, and says how old a blob is by its own clock", async () => {
      expect(await run(remote.ageSeconds("beat"))).toBeUndefined()
      await run(remote.put("beat", bytes("1")))
      await run(remote.put("beat", bytes("2")))
      expect(text(await run(remote.get("beat", 1)))).toBe("2")
      const age = await run(remote.ageSeconds("beat"))
      expect(age).toBeGreaterThanOrEqual(0)
      expect(age).toBeLessThan(30)
    })

    it("lists names by their beginning, sorted, and none of others", async () => {
      const names = ["list/ab/1", "list/ab/2", "list/ab/2.zst", "list/abc/1", "list/b"]
      for (const each of names) await run(remote.putIfAbsent(each, bytes(each)))
      expect(await run(remote.list("list/"))).toEqual(names)
      expect(await run(remote.list("list/ab/"))).toEqual(names.slice(0, 3))
      expect(await run(remote.list("list/ab"))).toEqual(names.slice(0, 4))
      expect(await run(remote.list("nothing/"))).toEqual([])
    })

    it("removes what is there, and what is not", async () => {
      await run(remote.putIfAbsent("gone/1", bytes("x")))
      await run(remote.remove("gone/1"))
      await run(remote.remove("gone/1"))
      expect(await run(remote.get("gone/1", 1))).toBeUndefined()
      expect(await run(remote.putIfAbsent("gone/1", bytes("y")))).toBe(true)
    })
  })
}
