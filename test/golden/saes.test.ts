/** `FIXTURES_DIR=... vitest run test/golden/saes.test.ts` checks the SAEs of another folder. */
import { resolve } from "node:path"
import { beforeAll } from "vitest"
import { loadTestEngine } from "../engine.ts"
import { saeCases } from "./sae-cases.ts"

beforeAll(loadTestEngine)

saeCases(resolve(process.env["FIXTURES_DIR"] ?? "../shared/fixtures"), process.env["FIXTURES_DIR"] === undefined)
