import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Gate } from './gate.js';

/** All that a gate sees of a connection is that it closes. */
const connection = () => new EventEmitter() as Socket;

describe('Gate', () => {
  it('lets in as many as it holds, and the next when one has left', () => {
    const gate = new Gate(2);
    const socket = connection();
    expect([gate.enter(socket), gate.enter(socket)]).toEqual([undefined, undefined]);
    expect(gate.enter(connection())).toMatchObject({ code: 'overloaded' });
    gate.leave(socket);
    expect(gate.enter(connection())).toBeUndefined();
    expect(gate.inFlight).toBe(2);
  });

  it('gets back all that a socket held when it closes, once', () => {
    const gate = new Gate(10);
    const [pipelined, other] = [connection(), connection()];
    for (const socket of [pipelined, pipelined, other]) gate.enter(socket);
    pipelined.emit('close');
    expect(gate.inFlight).toBe(1);
    gate.leave(pipelined);
    expect(gate.inFlight).toBe(1);
  });

  it('listens to a socket once, however many requests it carries', () => {
    const gate = new Gate(10);
    const socket = connection();
    for (let request = 0; request < 5; request++) {
      gate.enter(socket);
      gate.leave(socket);
    }
    expect(socket.listenerCount('close')).toBe(1);
  });

  it('is shut for new ones at once, and done when the last one has left', async () => {
    const gate = new Gate(10);
    const socket = connection();
    gate.enter(socket);
    let done = false;
    const shut = gate.shut().then(() => (done = true));
    expect(gate.enter(connection())).toMatchObject({ code: 'shutting-down' });
    await Promise.resolve();
    expect(done).toBe(false);
    gate.leave(socket);
    await shut;
    expect(gate.inFlight).toBe(0);
  });

  it('is done at once when nothing is in flight', async () => {
    await new Gate(1).shut();
  });
});
