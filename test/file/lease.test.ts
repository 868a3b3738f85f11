import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { beforeEach, describe, expect, it } from "vitest"
import { formatOwner, leaseOwner, tryLease } from "../../src/file/lease.ts"
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
const foreignClaim = (epoch: number, seconds: number): LeaseOwner => {
  const owner: LeaseOwner = {
    host: "elsewhere",
    bootId: "another boot",
    pidNamespace: "pid:[1]",
    pid: 4711,
    startTime: "1",
    nonce: "n",
    purpose: "sae of run r"
  }
  mkdirSync(directory, { recursive: true })
  const path = join(directory, `${epoch}.json`)
  writeFileSync(path, JSON.stringify(owner))
  const then = Date.now() / 1000 - seconds
  utimesSync(path, then, then)
  return owner
}

describe("a lease", () => {
  it("is held by one, and free for the next when that is done; nothing is left behind", async () => {
    const first = await take()
    expect(first).toMatchObject({ _tag: "held", lease: { epoch: 1 } })
    const second = await take()
    expect(second).toMatchObject({ _tag: "busy", owner: { pid: process.pid, purpose: "test" } })
    await second.release()
    expect(await Effect.runPromise(leaseOwner({ directory }))).toMatchObject({ pid: process.pid })
    await first.release()
    expect(existsSync(directory)).toBe(false)
    expect(await Effect.runPromise(leaseOwner({ directory }))).toBeUndefined()
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

  it("of somebody out of sight is kept while there are signs of life, and expires without", async () => {
    const owner = foreignClaim(3, 20)
    expect(await take()).toMatchObject({ _tag: "busy", owner })
    foreignClaim(3, 40)
    const attempt = await take()
    expect(attempt).toMatchObject({ _tag: "held", lease: { epoch: 4 } })
    expect(readdirSync(directory)).toEqual(["4.json"])
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
