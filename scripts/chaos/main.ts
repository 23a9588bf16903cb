/**
 * Starts the built server and lets clients do everything wrong at once, over every route: leave, pipeline and reset, send
 * half, never read, send rubbish. Beside them others behave, and each of their requests must be answered rightly. Fails when
 * one isn't, or when the server holds more afterwards than before.
 *
 *     npm run chaos -- --seconds 60 --seed 1
 */
import { parseArgs } from 'node:util';
import { chaos } from './chaos.js';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error('--seconds is a number over 0, --seed a whole number');

const report = await chaos({ seconds, seed, onRound: (line) => console.log(line) });
console.log('');
for (const [name, count] of Object.entries(report.attacks)) console.log(`${String(count).padStart(6)}  ${name}`);
console.log(
  `\n${report.answered} requests of well-behaved clients answered, ${report.deferred} told to come back later (503)`,
);
for (const fault of report.faults.slice(0, 20)) console.log(`- ${fault}`);
if (report.faults.length > 20) console.log(`- and ${report.faults.length - 20} more`);
console.log(report.faults.length === 0 ? 'PASS' : `FAIL: ${report.faults.length} faults with seed ${seed}`);
process.exitCode = report.faults.length === 0 ? 0 : 1;
