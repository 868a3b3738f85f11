/**
 * A TensorBoard event file: TFRecords of Event messages (tensorflow/core/lib/io/record_writer.h, tensorboard/compat/proto/
 * event.proto). Written here because the writers that there are put host and time into name and content: equal curves would not
 * be equal bytes. Wall times are left out.
 */
export interface ScalarEvent {
  readonly step: number
  readonly scalars: Readonly<Record<string, number>>
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

const maskedCrc = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (castagnoli[(crc ^ byte) & 0xff] as number)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** A base-128 number of protobuf. */
const varint = (value: number): Array<number> => {
  const bytes = new Array<number>()
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  bytes.push(rest)
  return bytes
}

const nested = (field: number, content: ReadonlyArray<number>): Array<number> => [
  field * 8 + 2,
  ...varint(content.length),
  ...content
]
const utf8 = (text: string): Array<number> => [...new TextEncoder().encode(text)]
const float32 = (field: number, value: number): Array<number> => [
  field * 8 + 5,
  ...new Uint8Array(Float32Array.of(value).buffer)
]

const record = (event: ReadonlyArray<number>): Uint8Array => {
  const data = Uint8Array.from(event)
  const bytes = new Uint8Array(16 + data.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true)
  bytes.set(data, 12)
  view.setUint32(12 + data.length, maskedCrc(data), true)
  return bytes
}

/** protobuf leaves out what is 0: the wall time always, the step of the first event. */
const stepField = (step: number): Array<number> => (step === 0 ? [] : [2 * 8, ...varint(step)])

/** @param events steps are whole numbers from 0 */
export const tensorboardEvents = (events: ReadonlyArray<ScalarEvent>): Uint8Array<ArrayBuffer> => {
  const records = [record([...nested(3, utf8("brain.Event:2"))])]
  for (const { scalars, step } of events) {
    const values = Object.entries(scalars).flatMap(([tag, value]) =>
      nested(1, [...nested(1, utf8(tag)), ...float32(2, value)])
    )
    records.push(record([...stepField(step), ...nested(5, values)]))
  }
  const all = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const bytes of records) {
    all.set(bytes, at)
    at += bytes.length
  }
  return all
}
