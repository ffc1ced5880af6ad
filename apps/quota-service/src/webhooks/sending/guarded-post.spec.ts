import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { AddressGuard, parseRanges } from './address-guard.js';
import { guardedPost } from './guarded-post.js';

let server: Server;
let hosts: (string | undefined)[];
let answer: (response: ServerResponse) => void;
beforeEach(async () => {
  hosts = [];
  answer = (response) => response.writeHead(204).end();
  server = createServer((request, response) => {
    hosts.push(request.headers.host);
    request.resume().on('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const port = () => (server.address() as AddressInfo).port;
const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 };
const ALLOWED = parseRanges('127.0.0.1');
const post = (url: string, guard: AddressGuard) =>
  guardedPost({ url, body: '{}', headers: {} }, { guard, attemptLimitMs: 300 });
const allowing = (resolve?: () => Promise<readonly LookupAddress[]>) => new AddressGuard(ALLOWED, resolve);

describe('a guarded post', () => {
  it('connects to the address that was judged, whatever the name resolves to elsewhere', async () => {
    const guard = allowing(() => Promise.resolve([LOOPBACK]));
    const url = `http://hooks.invalid:${port()}/x`;
    expect(await post(url, guard)).toEqual({ outcome: 'answered', status: 204 });
    expect(hosts).toEqual([`hooks.invalid:${port()}`]);
  });

  it('judges each time, and by one answer of the resolver: one that changes it gains nothing', async () => {
    const answers: LookupAddress[] = [{ address: '93.184.216.34', family: 4 }];
    let asked = 0;
    const guard = new AddressGuard([], () => {
      asked++;
      return Promise.resolve([answers.shift() ?? LOOPBACK]);
    });
    await guard.addressesOf('rebinding.invalid');
    const result = await post(`https://rebinding.invalid:${port()}/`, guard);
    expect(result).toEqual({ outcome: 'failed', error: 'address-refused' });
    expect([asked, hosts]).toEqual([2, []]);
  });

  it.each([
    'http://127.0.0.1',
    'http://localhost',
    'http://0x7f.1',
    'http://2130706433',
    'http://017700000001',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'https://127.0.0.1',
  ])('does not connect to %s', async (origin) => {
    const result = await post(`${origin}:${port()}/`, new AddressGuard());
    expect(result).toEqual({ outcome: 'failed', error: 'address-refused' });
    expect(hosts).toEqual([]);
  });

  it('follows no redirect', async () => {
    answer = (response) => response.writeHead(302, { location: `http://127.0.0.1:${port()}/secret` }).end();
    expect(await post(`http://127.0.0.1:${port()}/`, allowing())).toEqual({
      outcome: 'answered',
      status: 302,
    });
    expect(hosts).toHaveLength(1);
  });

  it('says of a failure what kind it is, and nothing of what was written', async () => {
    answer = () => undefined;
    const failed = async (url: string, guard = allowing()) => {
      const result = await post(url, guard);
      return result.outcome === 'failed' ? result.error : result;
    };
    expect(await failed(`http://127.0.0.1:${port()}/`)).toBe('timed-out');
    expect(await failed(`https://127.0.0.1:${port()}/`)).toBe('tls-failed');
    expect(await failed('http://127.0.0.1:1/')).toBe('connection-failed');
    const unknown = allowing(() => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })));
    expect(await failed('http://x.invalid/', unknown)).toBe('name-not-resolved');
    const odd = createSocketServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n'));
    odd.listen(0, '127.0.0.1');
    await once(odd, 'listening');
    expect(await failed(`http://127.0.0.1:${(odd.address() as AddressInfo).port}/`)).toBe('broken-answer');
    odd.close();
  });

  it('does not wait for a resolver that never answers', async () => {
    const never = allowing(() => new Promise(() => undefined));
    expect(await post('http://x.invalid/', never)).toEqual({ outcome: 'failed', error: 'timed-out' });
  });
});
