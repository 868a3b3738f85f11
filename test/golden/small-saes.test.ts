/** Small SAEs of every class that the libraries have; `test/fixtures/saes/make.py` made them. */
import { join } from "node:path"
import { beforeAll } from "vitest"
import { loadTestEngine } from "../engine.ts"
import { saeCases } from "./sae-cases.ts"

beforeAll(loadTestEngine)

saeCases(join(import.meta.dirname, "../fixtures/saes"), true)
