/**
 * Any TensorFlow operation by its name, on tfjs tensors. tfjs's own class wraps only the types that JavaScript knows; the
 * results of other types (int64 indices, sparse matrices, resource handles) are wrapped here as opaque tensors: pass them
 * to further operations, never read them. They obey `tf.tidy`, `tf.keep` and `dispose` like any tensor.
 */
import * as tf from "@tensorflow/tfjs-core"

/** TensorFlow's type numbers (tensorflow/core/framework/types.proto). */
export const dataType = {
  float32: 1,
  int32: 3,
  string: 7,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  resource: 20,
  variant: 21
} as const
export type DataType = (typeof dataType)[keyof typeof dataType]

export interface OpAttribute {
  readonly name: string
  readonly type: number
  readonly value: string | number | boolean | ReadonlyArray<number>
}

interface OutputMetadata {
  readonly id: number
  readonly shape: Array<number>
  readonly dtype: number
}

interface Binding {
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_UINT8: number
  readonly createTensor: (shape: ReadonlyArray<number>, dtype: number, values: Uint8Array) => number
  readonly executeOp: (
    name: string,
    attributes: ReadonlyArray<OpAttribute>,
    inputs: ReadonlyArray<number>,
    outputs: number
  ) => ReadonlyArray<OutputMetadata>
}

interface TensorData {
  readonly shape: ReadonlyArray<number>
  readonly dtype: number
  readonly id: number
  readonly values: null
  readonly refCount: number
}

/** The parts of tfjs-node's back end used here; its types cannot be imported without loading it. */
interface TensorflowBackend {
  readonly binding: Binding
  readonly tensorMap: { readonly set: (dataId: object, data: TensorData) => void }
  readonly getInputTensorIds: (tensors: ReadonlyArray<tf.Tensor>) => Array<number>
  readonly createOutputTensor: (metadata: OutputMetadata) => tf.Tensor
}

const backend = (): TensorflowBackend => tf.backend() as unknown as TensorflowBackend

const binding = (): Binding => backend().binding

export const typeAttribute = (name: string, value: DataType): OpAttribute => ({
  name,
  type: binding().TF_ATTR_TYPE,
  value
})
export const boolAttribute = (name: string, value: boolean): OpAttribute => ({
  name,
  type: binding().TF_ATTR_BOOL,
  value
})
export const intAttribute = (name: string, value: number): OpAttribute => ({ name, type: binding().TF_ATTR_INT, value })
export const floatAttribute = (name: string, value: number): OpAttribute => ({
  name,
  type: binding().TF_ATTR_FLOAT,
  value
})
export const stringAttribute = (name: string, value: string): OpAttribute => ({
  name,
  type: binding().TF_ATTR_STRING,
  value
})
export const shapeAttribute = (name: string, value: ReadonlyArray<number>): OpAttribute => ({
  name,
  type: binding().TF_ATTR_SHAPE,
  value
})

const readable: ReadonlySet<number> = new Set([dataType.float32, dataType.int32, dataType.bool])

/** An opaque tensor: tfjs keeps its handle and lifetime. `string` is the one type of which tfjs counts no bytes. */
const wrapOpaque = (metadata: OutputMetadata): tf.Tensor => {
  const dataId = {}
  const { shape, dtype, id } = metadata
  backend().tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 })
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: "string" })
}

/** Bytes as an opaque tensor: for TensorFlow a vector of them, in the shape of what they stand for. */
export const bytesTensor = (bytes: Uint8Array<ArrayBuffer>, shape: Array<number>): tf.Tensor2D => {
  const dtype = binding().TF_UINT8
  return wrapOpaque({ id: binding().createTensor([bytes.length], dtype, bytes), shape, dtype }) as tf.Tensor2D
}

/** Runs an operation with `outputs` results. Throws TensorFlow's own message when it refuses the arguments. */
export const executeOp = (
  name: string,
  attributes: ReadonlyArray<OpAttribute>,
  inputs: ReadonlyArray<tf.Tensor>,
  outputs: number
): Array<tf.Tensor> => {
  const { getInputTensorIds, createOutputTensor } = backend()
  const results = binding().executeOp(name, attributes, getInputTensorIds.call(backend(), inputs), outputs)
  return results.map((metadata) =>
    readable.has(metadata.dtype) ? createOutputTensor.call(backend(), metadata) : wrapOpaque(metadata)
  )
}

/** Runs an operation that has one result. */
export const executeSingle = (
  name: string,
  attributes: ReadonlyArray<OpAttribute>,
  inputs: ReadonlyArray<tf.Tensor>
): tf.Tensor => {
  const [result] = executeOp(name, attributes, inputs, 1)
  if (result === undefined) throw new Error(`TensorFlow's ${name} returned nothing`)
  return result
}

/** Type conversion between types that tfjs has no names for. */
export const castTo = (tensor: tf.Tensor, from: DataType, to: DataType): tf.Tensor =>
  executeSingle(
    "Cast",
    [typeAttribute("SrcT", from), typeAttribute("DstT", to), boolAttribute("Truncate", false)],
    [tensor]
  )
