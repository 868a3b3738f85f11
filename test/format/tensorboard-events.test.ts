import { describe, expect, it } from "vitest"
import { tensorboardEvents } from "../../src/format/tensorboard-events.ts"

/** By tensorboard 2.21.0: RecordWriter of tensorboard.summary.writer.record_writer, of the same Event messages. */
const reference =
  "0f000000000000006d532b091a0d627261696e2e4576656e743a32fc9851290f000000000000006d532b092a0d0a0b0a046c6f7373150000003f5feda51e1d00000000000000602fdf2310ac022a180a0b0a046c6f7373150000c07f0a090a026c301500008241d00d93c513000000000000000c91321b1080e497d0122a0b0a090a026c3015000080bf5a774468"

describe("an event file", () => {
  it("has the bytes that TensorBoard's own record writer gives the same events", () => {
    const events = [
      { step: 0, scalars: { loss: 0.5 } },
      { step: 300, scalars: { loss: Number.NaN, l0: 16.25 } },
      { step: 5_000_000_000, scalars: { l0: -1 } }
    ]
    expect(Buffer.from(tensorboardEvents(events)).toString("hex")).toBe(reference)
  })
})
