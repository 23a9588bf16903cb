/** The thread that reads and writes large JSON. */
import { serveTasks } from '../json/serve-tasks.js';
import { jsonTasks } from './json-tasks.js';

serveTasks(jsonTasks);
