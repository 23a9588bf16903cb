import { KnownError } from '../support/errors.js';
import type { Obstacle } from './lane.js';

/** What an error may be that comes of others, or of a time that was too short for all at once. */
const obstacles: Record<string, Obstacle> = {
  queue_full: 'full',
  model_not_ready: 'perhaps itself',
  deadline_exceeded: 'perhaps itself',
  inference_process_died: 'perhaps itself',
};

/** What an error is that another attempt may not meet; undefined for all others. */
export const obstacleOf = (error: unknown): Obstacle | undefined =>
  error instanceof KnownError && Object.hasOwn(obstacles, error.code) ? obstacles[error.code] : undefined;
