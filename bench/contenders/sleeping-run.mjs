/** Loaded into a process before its own code: each run of a model by ONNX Runtime sleeps for so many milliseconds besides (`RUN_SLEEPS`). */
import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceSession } from 'onnxruntime-node';

const { create } = InferenceSession;
InferenceSession.create = async (...args) => {
  const session = await create.apply(InferenceSession, args);
  const { run } = session;
  session.run = async (...feeds) => {
    await sleep(Number(process.env.RUN_SLEEPS));
    return run.apply(session, feeds);
  };
  return session;
};
