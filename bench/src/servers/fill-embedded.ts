import { MemoryStore } from '@sundial/engine';
import { setImmediate as turn } from 'node:timers/promises';
import { openEngine } from '../contenders/sundial.js';
import { manyUserAt } from '../load/subjects.js';

/** Fills a data directory with what a service would have left in it: so many subjects and operations, counted just now. */
const CHECKS_A_TURN = 2_000;

const [, , directory = '', subjects, operations] = process.argv;
const engine = await openEngine(await MemoryStore.open({ directory }));
for (let index = 0; index < Number(operations); index++) {
  await engine.check({ resource: 'ocr', subject: { user: manyUserAt(index % Number(subjects)) } });
  if (index % CHECKS_A_TURN === 0) await turn();
}
await engine.close();
