/**
 * ONNX Runtime. Left to itself it tells its makers from version 1.29 on (other systems than Windows) what it does, and keeps files
 * for that in the cache and temporary folders of the user; the variable is read when the first session is made. Everything that
 * uses it imports it from here.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
 */
process.env.ORT_DISABLE_TELEMETRY = '1';

export { InferenceSession, Tensor } from 'onnxruntime-node';
