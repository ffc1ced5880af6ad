import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { InFlight } from './in-flight.js';
import { MAX_QUEUED_A_SOCKET } from '../bounds.js';

/** All that matters of a connection: that it closes, and whether it is read. */
class Connection extends EventEmitter {
  isRead = true;

  pause(): void {
    this.isRead = false;
  }

  resume(): void {
    this.isRead = true;
    this.emit('resume');
  }
}

const connection = () => new Connection() as Connection & Socket;

describe('InFlight', () => {
  it('gets back all that a socket held when it closes, once', () => {
    const inFlight = new InFlight();
    const [pipelined, other] = [connection(), connection()];
    for (const socket of [pipelined, pipelined, other]) inFlight.enter(socket);
    pipelined.emit('close');
    expect(inFlight.count).toBe(1);
    inFlight.leave(pipelined);
    expect(inFlight.count).toBe(1);
  });

  it('listens to a socket once, however many requests it carries', () => {
    const inFlight = new InFlight();
    const socket = connection();
    for (let request = 0; request < 5; request++) {
      inFlight.enter(socket);
      inFlight.leave(socket);
    }
    expect(socket.listenerCount('close')).toBe(1);
  });

  it('stops reading a socket that pipelines too many, also when it is resumed, until some are answered', () => {
    const inFlight = new InFlight();
    const socket = connection();
    for (let request = 1; request < MAX_QUEUED_A_SOCKET; request++) inFlight.enter(socket);
    expect(socket.isRead).toBe(true);
    inFlight.enter(socket);
    expect(socket.isRead).toBe(false);
    socket.resume();
    expect(socket.isRead).toBe(false);
    inFlight.leave(socket);
    expect(socket.isRead).toBe(true);
  });

  it('is shut at once, and done when the last request has left', async () => {
    const inFlight = new InFlight();
    const socket = connection();
    inFlight.enter(socket);
    let done = false;
    const shut = inFlight.shut().then(() => (done = true));
    expect(inFlight.isShut).toBe(true);
    await Promise.resolve();
    expect(done).toBe(false);
    inFlight.leave(socket);
    await shut;
    expect(inFlight.count).toBe(0);
  });

  it('is done at once when nothing is in flight', async () => {
    await new InFlight().shut();
  });
});
