/**
 * Tells tfjs how its operations are differentiated. tfjs-core leaves that to the packages above it, and offers the module
 * that does it in no form that Node can import: tfjs-layers brings it along, as the package behind the tensorflow engine
 * does.
 */
export const registerGradients = async (): Promise<void> => {
  await import("@tensorflow/tfjs-layers")
}
