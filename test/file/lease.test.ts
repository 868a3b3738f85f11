import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { beforeEach, describe, expect, it } from "vitest"
import { formatOwner, leaseHolder, ownerText, tryLease } from "../../src/file/lease.ts"
import type { LeaseAttempt, LeaseOptions, LeaseOwner } from "../../src/file/lease.ts"
import { processState, thisProcess } from "../../src/file/process-identity.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

let directory = ""
beforeEach(() => {
  directory = join(mkdtempSync(join(temporaryRoot, "lease-test-")), "key")
})

const take = async (
  more: Partial<LeaseOptions> = {}
): Promise<LeaseAttempt & { readonly release: () => Promise<void> }> => {
  const scope = Scope.makeUnsafe()
  const attempt = await Effect.runPromise(
    tryLease({ directory, purpose: "test", ...more }).pipe(Effect.provideService(Scope.Scope, scope))
  )
  return { ...attempt, release: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

const holdInProcess = async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "hold-lease.ts"), directory], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const [said] = (await once(child.stdout, "data")) as [Buffer]
  expect(said.toString().trim()).toBe("held")
  return child
}

/** A claim of somebody whom we cannot look at, as from another machine, last heard of `seconds` ago. */
const foreignClaim = (epoch: number, seconds: number, more: Partial<LeaseOwner> = {}): LeaseOwner => {
  const owner: LeaseOwner = {
    host: "elsewhere",
    bootId: "another boot",
    pidNamespace: "pid:[1]",
    pid: 4711,
    startTime: "1",
    nonce: "n",
    purpose: "sae of run r",
    ...more
  }
  mkdirSync(directory, { recursive: true })
  const path = join(directory, `${epoch}.json`)
  writeFileSync(path, ownerText(owner))
  const then = Date.now() / 1000 - seconds
  utimesSync(path, then, then)
  return owner
}

const underTestClock = <A, E>(test: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(TestClock.layer())))

/** Files are touched by the real machine, whatever the clock says. */
const settle = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 30)))

/** Asks now, and then each second for as many seconds, as whoever waits does; gives the last answer. */
const ask = Effect.fnUntraced(function* (seconds: number) {
  let attempt = yield* tryLease({ directory, purpose: "test" })
  for (let second = 0; second < seconds && attempt._tag === "busy"; second++) {
    yield* TestClock.adjust("1 second")
    attempt = yield* tryLease({ directory, purpose: "test" })
  }
  return attempt
})

describe("a lease", () => {
  it("is held by one, and free for the next when that is done; nothing is left behind", async () => {
    const first = await take()
    expect(first).toMatchObject({ _tag: "held", lease: { epoch: 1 } })
    const second = await take()
    expect(second).toMatchObject({ _tag: "busy", owner: { pid: process.pid, purpose: "test" } })
    await second.release()
    expect(await Effect.runPromise(leaseHolder(directory))).toMatch(`process ${process.pid} on`)
    await first.release()
    expect(existsSync(directory)).toBe(false)
    expect(await Effect.runPromise(leaseHolder(directory))).toBeUndefined()
    const third = await take()
    expect(third._tag).toBe("held")
    await third.release()
  })

  it("is held by exactly one however many ask at once", async () => {
    for (let round = 0; round < 5; round++) {
      const attempts = await Promise.all(Array.from({ length: 20 }, () => take()))
      expect(attempts.filter(({ _tag }) => _tag === "held")).toHaveLength(1)
      await Promise.all(attempts.map(({ release }) => release()))
    }
  })

  it("counts on from epochs that were used before", async () => {
    const attempt = await take({ above: 7 })
    expect(attempt).toMatchObject({ lease: { epoch: 8 } })
    await attempt.release()
  })

  it("of a process that was killed is free at once", async () => {
    const child = await holdInProcess()
    expect(await take()).toMatchObject({ _tag: "busy", owner: { pid: child.pid } })
    child.kill("SIGKILL")
    await once(child, "exit")
    const attempt = await take()
    expect(attempt).toMatchObject({ _tag: "held", lease: { epoch: 2 } })
    await attempt.release()
  })

  it("of somebody out of sight is kept while there are signs of life, and expires without", () =>
    underTestClock(
      Effect.gen(function* () {
        const owner = foreignClaim(3, 20)
        expect(yield* ask(25)).toMatchObject({ _tag: "busy", owner })
        foreignClaim(3, 40)
        expect(yield* ask(8)).toMatchObject({ _tag: "busy", owner })
        expect(yield* ask(4)).toMatchObject({ _tag: "held", lease: { epoch: 4 } })
        expect(readdirSync(directory)).toEqual(["4.json"])
      })
    ))

  it.each([3600, -3600])("is judged by its heartbeats where clocks differ by %s seconds", (seconds) =>
    underTestClock(
      Effect.gen(function* () {
        const owner = foreignClaim(1, seconds)
        for (let beat = 1; beat < 12; beat++) {
          foreignClaim(1, seconds - 5 * beat)
          expect(yield* ask(5)).toMatchObject({ _tag: "busy", owner })
        }
        expect(yield* ask(32)).toMatchObject({ _tag: "held" })
      })
    )
  )

  it("is not taken for dead by one that was itself paused, or that looks seldom", () =>
    underTestClock(
      Effect.gen(function* () {
        foreignClaim(1, 40)
        expect(yield* ask(1)).toMatchObject({ _tag: "busy" })
        yield* TestClock.adjust("1 hour")
        expect(yield* ask(0)).toMatchObject({ _tag: "busy" })
        expect(yield* ask(6)).toMatchObject({ _tag: "held" })
      })
    ))

  it("lasts as long as its owner has said", () =>
    underTestClock(
      Effect.gen(function* () {
        foreignClaim(1, 100, { expirySeconds: 300 })
        expect(yield* ask(120)).toMatchObject({ _tag: "busy" })
        foreignClaim(1, 400, { expirySeconds: 300 })
        expect(yield* ask(120)).toMatchObject({ _tag: "held" })
      })
    ))

  it("of one that was killed before it wrote who it is expires within seconds; one that cannot be read, as others do", () =>
    underTestClock(
      Effect.gen(function* () {
        foreignClaim(1, 40)
        writeFileSync(join(directory, "1.json"), "of another version")
        expect(yield* ask(5)).toEqual({ _tag: "busy", owner: undefined })
        expect(yield* leaseHolder(directory)).toBe("another process")
        writeFileSync(join(directory, "1.json"), "")
        expect(yield* ask(1)).toEqual({ _tag: "busy", owner: undefined })
        expect(yield* ask(8)).toMatchObject({ _tag: "held", lease: { epoch: 2 } })
      })
    ))

  it("beats six times in the time after which silence counts, by Effect's clock", () =>
    underTestClock(
      Effect.gen(function* () {
        const path = join(directory, "1.json")
        yield* tryLease({ directory, purpose: "test" })
        for (let beat = 0; beat < 3; beat++) {
          utimesSync(path, 1, 1)
          yield* TestClock.adjust("5 seconds")
          yield* settle
          expect(statSync(path).mtimeMs).toBeGreaterThan(1000)
        }
      })
    ))

  it("tells who asks that it is held, and after a pause that it is not: overtaken, or gone", async () => {
    const first = await take()
    const second = await take({ directory: `${directory}-2` })
    if (first._tag !== "held" || second._tag !== "held") throw new Error("busy")
    expect(await Effect.runPromise(first.lease.held)).toBe(true)
    foreignClaim(2, 0)
    expect(await Effect.runPromise(first.lease.held)).toBe(false)
    await Effect.runPromise(first.lease.lost)
    rmSync(`${directory}-2`, { recursive: true })
    expect(await Effect.runPromise(second.lease.held)).toBe(false)
    await Promise.all([first.release(), second.release()])
  })

  it("for all users of a machine is in a folder that each of them can write to", async () => {
    const attempt = await take({ directory: join(directory, "gpu0"), forAllUsers: true })
    expect(attempt._tag).toBe("held")
    for (const folder of [directory, join(directory, "gpu0")]) expect(statSync(folder).mode & 0o7777).toBe(0o1777)
    await attempt.release()
  })

  it("is kept alive by its owner for longer than it takes to expire", async () => {
    const first = await take({ expirySeconds: 0.6 })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect((await take({ expirySeconds: 0.6 }))._tag).toBe("busy")
    await first.release()
  })

  it("that was overtaken tells its owner, who leaves the new one alone", async () => {
    const first = await take({ expirySeconds: 0.3 })
    if (first._tag !== "held") throw new Error("busy")
    foreignClaim(2, 0)
    await Effect.runPromise(Effect.timeout(first.lease.lost, "5 seconds"))
    await first.release()
    expect(readdirSync(directory)).toContain("2.json")
  })

  it("names its owner for people", () => {
    expect(formatOwner(foreignClaim(1, 0))).toBe("process 4711 on elsewhere, for sae of run r")
  })
})

describe("the identity of a process", () => {
  it("tells the living from the dead and from another one with the same pid", async () => {
    const me = thisProcess()
    expect(processState(me)).toBe("alive")
    expect(processState({ ...me, startTime: "1" })).toBe("dead")
    expect(processState({ ...me, bootId: "another" })).toBe("unknown")
    expect(processState({ ...me, pidNamespace: "another" })).toBe("unknown")
    const child = spawn("sleep", ["60"])
    const startTime = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? ""
    const identity = { ...me, pid: child.pid ?? 0, startTime }
    expect(processState(identity)).toBe("alive")
    child.kill("SIGKILL")
    await once(child, "exit")
    expect(processState(identity)).toBe("dead")
  })
})
