import { describe, expect, it, jest } from '@jest/globals';
import type { QuotaEngine } from '@sundial/engine';
import { fastify } from 'fastify';
import { parseKey, type Key } from '../../config/key.js';
import type { Log } from '../../logging/log.js';
import { Door } from '../admission/door.js';
import { KeyRing } from '../keys/key-ring.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import type { Sessions } from '../sessions/sessions.js';
import { RouteTable } from '../routes/route-table.js';
import { guardRoutes } from './route-hooks.js';

const SECRETS = ['first-key-of-16-chars', 'second-key-of-16-chars'] as const;

function keyOf(secret: string, actor: string): Key {
  const entry = parseKey(secret, 'check');
  if (typeof entry === 'string') throw new Error(entry);
  return { ...entry, actor };
}

/** The fairness keys under which requests with these `Authorization` headers come in, and under which they leave. */
async function fairnessKeys(keys: readonly Key[], authorizations: readonly (string | undefined)[]) {
  const door = new Door({ backlogMs: 0, waitingInBatches: 0 } as QuotaEngine);
  const [enter, leave] = [jest.spyOn(door, 'enter'), jest.spyOn(door, 'leave')];
  const app = fastify();
  guardRoutes(app, {
    keys: new KeyRing({ checkKeys: keys, adminKeys: [] }),
    door,
    sessions: {} as Sessions,
    lifecycle: { isLeaving: false } as Lifecycle,
    routes: new RouteTable(),
    log: { isLevelEnabled: () => false } as unknown as Log,
  });
  app.get('/usage', { config: { access: 'check' } as object }, () => 'ok');
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  for (const authorization of authorizations) {
    const headers = authorization === undefined ? {} : { authorization };
    expect((await fetch(`${address}/usage`, { headers })).status).toBe(200);
  }
  await app.close();
  return {
    entered: enter.mock.calls.map(([, { fairnessKey }]) => fairnessKey),
    left: leave.mock.calls.map(([{ fairnessKey }]) => fairnessKey),
  };
}

describe('turns at the door', () => {
  it('are shared by actors: no caller has two by spelling its header in two ways', async () => {
    const keys = SECRETS.map((secret, index) => keyOf(secret, `app-${index}`));
    const [first, second] = SECRETS;
    const spellings = [`Bearer ${first}`, `bearer   ${first}`, `BEARER ${first}`, `Bearer ${second}`];
    const actors = ['app-0', 'app-0', 'app-0', 'app-1'];
    expect(await fairnessKeys(keys, spellings)).toEqual({ entered: actors, left: actors });
  });

  it('are shared by nothing that a caller can make up where no keys are set', async () => {
    const actors = ['anonymous', 'anonymous', 'anonymous'];
    expect(await fairnessKeys([], [undefined, 'Bearer a', 'Bearer b'])).toEqual({
      entered: actors,
      left: actors,
    });
  });
});
