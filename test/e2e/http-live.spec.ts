import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_LIVE_STREAMS_AN_ACTOR } from '../../apps/quota-service/src/http/bounds.js';
import type { LiveFrame } from '../../apps/quota-service/src/live/live-frame.js';
import { eventually } from '../support/eventually.js';
import { EventStream } from '../support/event-stream.js';
import { RunningService } from '../support/running-service.js';

const ADMIN = 'rules-and-all-1';
const VIEWER = 'only-looks-1';
const OWN_PAGE = { 'x-sundial-csrf': '1', 'sec-fetch-site': 'same-origin' };

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start({
    SUNDIAL_ADMIN_KEYS: `boss=${ADMIN},wall:viewer=${VIEWER}`,
    SUNDIAL_CHECK_KEYS: 'asks-1',
  });
});
afterAll(() => service.stop());

/** What the browser of a viewer sends from then on. */
async function signedIn(): Promise<string> {
  const { headers } = await service.api.post('/console/session').set(OWN_PAGE).send({ key: VIEWER });
  const [cookie = ''] = headers['set-cookie'] as unknown as string[];
  return cookie.split(';')[0]!;
}

describe('a live stream', () => {
  const opened: EventStream[] = [];
  async function live(headers: Readonly<Record<string, string>>): Promise<EventStream> {
    const stream = await EventStream.open(`${service.url}/admin/live`, headers);
    opened.push(stream);
    return stream;
  }
  afterEach(() => opened.splice(0).forEach((stream) => stream.close()));

  it('is one a browser: another one of its session takes its place, and none of a key or of another session', async () => {
    const [cookie, other] = [await signedIn(), await signedIn()];
    const [first, elsewhere] = [await live({ cookie }), await live({ cookie: other })];
    const ofKey = await live({ authorization: `Bearer ${VIEWER}` });
    const second = await live({ cookie });
    expect(await first.ended()).toEqual({ end: { reason: 'replaced' } });
    for (const stream of [second, elsewhere, ofKey]) await stream.frames(1);
    expect([second, elsewhere, ofKey].map(({ isOver }) => isOver)).toEqual([false, false, false]);
  });

  it('ends with its session, and prolongs none', async () => {
    const cookie = await signedIn();
    const stream = await live({ cookie, 'x-sundial-background': '1' });
    await stream.frames(1);
    await service.api.delete('/console/session').set({ ...OWN_PAGE, cookie });
    expect(await stream.ended()).toEqual({ end: { reason: 'session-ended' } });
    const again = await service.api.get('/admin/live?frames=1').set('cookie', cookie);
    expect([again.status, again.body.code]).toEqual([401, 'session-ended']);
  });

  it('is refused beyond so many of one key, while others get theirs; one that closes makes room', async () => {
    const ofKey = { authorization: `Bearer ${VIEWER}` };
    for (let stream = 0; stream < MAX_LIVE_STREAMS_AN_ACTOR; stream++) await live(ofKey);
    const refused = await service.api.get('/admin/live?frames=1').set(ofKey);
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
      429,
      'too-many-streams',
      '5',
    ]);
    const other = await live({ authorization: `Bearer ${ADMIN}` });
    await other.frames(1);
    opened[0]!.close();
    await eventually(async () => {
      const { status } = await service.api.get('/admin/live?frames=1').set(ofKey);
      return status === 200;
    });
  });

  it('shows what this node does: decisions by outcome, latency, alarms, controls', async () => {
    const stream = await live({ authorization: `Bearer ${VIEWER}` });
    const check = () =>
      service.api
        .post('/check')
        .auth('asks-1', { type: 'bearer' })
        .send({ resource: 'live-gate', subject: { user: 'u1' } });
    await service.api
      .put('/admin/gates/live-gate')
      .auth(ADMIN, { type: 'bearer' })
      .send({ gate: 'closed', reason: 'a live test' });
    const seen = await eventually(async () => {
      const { status } = await check();
      expect(status).toBe(200);
      const { data } = stream.events.at(-1)! as { data: LiveFrame };
      return (data.nodes[0]!.report!.perSecond?.denied ?? 0) > 0 && data;
    });
    expect(seen.node).toBe(seen.nodes[0]!.id);
    expect(seen.nodes).toHaveLength(1);
    const { report } = seen.nodes[0]!;
    expect(report?.latencyMs?.p99).toBeGreaterThanOrEqual(report!.latencyMs!.p50);
    expect(report).toMatchObject({ store: { kind: 'embedded', mode: 'exact', pending: 0 } });
    expect(seen.controls).toContainEqual({
      ...{ kind: 'gate', resource: 'live-gate', state: 'closed' },
      ...{ percent: null, until: null, reason: 'a live test' },
    });
  });
});
