/**
 * The engine for tests that need tensors: `beforeAll(loadTestEngine)`. The fastest one that is installed, so such tests
 * must hold on every engine. A test file has a process of its own, and a process one engine.
 */
import * as Effect from "effect/Effect"
import type { EngineInfo } from "../src/tensor/engine-info.ts"
import { loadEngine } from "../src/tensor/engine/engine.ts"

export const loadTestEngine = (): Promise<EngineInfo> => Effect.runPromise(loadEngine("auto"))
