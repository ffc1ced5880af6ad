import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { ArrivingBodies } from './arriving-bodies.js';

const OLDEST = 16;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Bodies that are followed, and how many bytes were read of each. */
function followed(count: number, isFull: (total: number) => boolean) {
  const read = new Array<number>(count).fill(0);
  const total = () => read.reduce((sum, bytes) => sum + bytes, 0);
  let released = 0;
  const arriving = new ArrivingBodies(() => isFull(total() - released));
  const bodies = read.map((_, index) => {
    const body = new PassThrough();
    arriving.follow(body, (bytes) => (read[index]! += bytes));
    return body;
  });
  const release = (bytes: number) => {
    released += bytes;
    arriving.readOn();
  };
  return { bodies, read, release };
}

describe('ArrivingBodies', () => {
  it('reads all of them while there is room', async () => {
    const { bodies, read } = followed(40, () => false);
    for (const body of bodies) body.write('x');
    await turn();
    for (const body of bodies) body.write('x');
    await turn();
    expect(read).toEqual(read.map(() => 2));
  });

  it('reads the oldest to their ends when there is none, and of the others one part at most', async () => {
    const { bodies, read } = followed(40, () => true);
    for (let part = 0; part < 5; part++) {
      for (const body of bodies) body.write('x');
      await turn();
    }
    expect(read).toEqual(read.map((_, index) => (index < OLDEST ? 5 : 1)));
  });

  it('goes on with the next ones as the oldest are complete, or gone', async () => {
    const { bodies, read } = followed(20, () => true);
    for (const body of bodies) body.write('x');
    await turn();
    for (const body of bodies) body.write('x');
    bodies[0]!.end();
    bodies[1]!.destroy();
    await turn();
    await turn();
    expect(read.slice(OLDEST)).toEqual([2, 2, 1, 1]);
  });

  it('goes on when what was held is released, until there is no room again', async () => {
    const { bodies, read, release } = followed(20, (held) => held >= 20);
    for (const body of bodies) body.write('x');
    await turn();
    for (const body of bodies.slice(OLDEST)) body.write('x');
    await turn();
    // The last one came when it was full; of each other one a part more was on its way.
    expect(read.slice(OLDEST)).toEqual([2, 2, 2, 1]);
    release(20);
    await turn();
    expect(read.slice(OLDEST)).toEqual([2, 2, 2, 2]);
  });
});
