import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Log } from '../../logging/log.js';
import { UnreadAnswerLog } from './unread-answer-log.js';
import { UnreadAnswers } from './unread-answers.js';

const KIB = 1024;
const MAX = 100 * KIB;

/** All that matters of a connection: that it is ended, and what the system has not taken from it. */
class Connection extends EventEmitter {
  destroyed = false;
  writableLength = 0;
  readonly remoteAddress = '10.0.0.1';

  destroy(): void {
    this.destroyed = true;
    process.nextTick(() => this.emit('close'));
  }
}

const connection = () => new Connection() as Connection & Omit<Socket, 'writableLength'>;

describe('UnreadAnswers', () => {
  function counting() {
    const ended: string[] = [];
    const unread = new UnreadAnswers(MAX, ({ actor, bytes }) => ended.push(`${actor} ${bytes / KIB}`));
    const hold = (actor: string, kib: number, socket = connection()) => ({
      socket,
      answer: unread.hold(socket, actor, kib * KIB),
    });
    return { unread, ended, hold };
  }

  it('counts an answer until the system has taken it, or its connection is over', () => {
    const { unread, hold } = counting();
    const [first, second] = [hold('a', 40), hold('a', 50)];
    second.socket.writableLength = 1;
    hold('a', 10, second.socket);
    expect(unread.bytes).toBe(MAX);
    unread.release(first.answer!);
    unread.release(first.answer!);
    expect(unread.bytes).toBe(60 * KIB);
    second.socket.emit('close');
    unread.release(second.answer!);
    expect([unread.bytes, unread.ended]).toEqual([0, 0]);
  });

  it('counts small answers only where the system has not taken what came before them', () => {
    const { unread, hold } = counting();
    const full = connection();
    full.writableLength = 1;
    hold('a', 1);
    expect(unread.bytes).toBe(0);
    hold('a', 1, full);
    expect(unread.bytes).toBe(KIB);
  });

  it('ends the connection with the oldest answer where the next one does not fit, and no more than needed', () => {
    const { unread, ended, hold } = counting();
    const sockets = [30, 31, 32].map((kib) => hold('a', kib).socket);
    hold('a', 33);
    expect(ended).toEqual(['a 30']);
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
    expect([unread.bytes, unread.ended]).toEqual([96 * KIB, 1]);
  });

  it('ends connections of the actor that has most, whichever actor has the oldest answer and whichever brings the next', () => {
    const { ended, hold } = counting();
    const slow = hold('slow', 30);
    for (let answer = 0; answer < 10; answer++) hold('flood', 20);
    hold('other', 20);
    expect(slow.socket.destroyed).toBe(false);
    expect(new Set(ended)).toEqual(new Set(['flood 20']));
  });

  it('lets nothing give way to an actor that has more than all others with what it brings', () => {
    const { unread, ended, hold } = counting();
    hold('slow', 30);
    hold('slow', 30);
    const { socket } = hold('large', 90);
    expect([ended, socket.destroyed, unread.bytes]).toEqual([[], false, 150 * KIB]);
    hold('large', 90);
    expect([ended, socket.destroyed, unread.bytes]).toEqual([['large 90'], true, 150 * KIB]);
  });

  it('counts nothing for a connection that gave way to its own next answer', () => {
    const { unread, hold } = counting();
    const { socket } = hold('a', 60);
    expect(hold('a', 60, socket).answer).toBeUndefined();
    expect([unread.bytes, socket.destroyed]).toEqual([0, true]);
  });

  it('listens to a connection once, however many answers it carries', () => {
    const { unread, hold } = counting();
    const socket = connection();
    for (let answer = 0; answer < 20; answer++) unread.release(hold('a', 20, socket).answer!);
    expect([socket.listenerCount('close'), unread.bytes]).toEqual([1, 0]);
  });
});

describe('the log of connections that were ended', () => {
  it('has a line in ten seconds at most, and says then how many it left out', () => {
    const clock = { now: 0 };
    const lines: object[] = [];
    const log = new UnreadAnswerLog(
      { warn: (line: object) => lines.push(line) } as unknown as Log,
      () => clock.now,
    );
    const note = () => log.note({ socket: connection(), actor: 'app', bytes: 20 });
    for (let n = 0; n < 100; n++) note();
    expect(lines).toEqual([{ actor: 'app', address: '10.0.0.1', bytes: 20 }]);
    clock.now = 10_000;
    note();
    expect(lines[1]).toMatchObject({ leftOut: 99 });
  });
});
