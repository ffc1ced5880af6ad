import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { QuotaClient } from '@sundial/client';
import { Test } from '@nestjs/testing';
import { QUOTA, QuotaModule } from '@sundial/nest';
import type { Quota } from '@sundial/contract';
import { eventually } from '../support/eventually.js';
import { RecordedSpans } from '../support/recorded-spans.js';
import { RunningService } from '../support/running-service.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`;
const SUBJECT = { user: 'pupil-4711' };

let spans: RecordedSpans;
let service: RunningService;
let client: QuotaClient;

beforeAll(async () => {
  spans = new RecordedSpans();
  service = await RunningService.start();
  const rule = { resource: 'ocr', per: ['user'], limits: [{ window: 'hour', max: 3 }] };
  await service.api.put('/admin/rules/ocr-per-user').send(rule).expect(200);
  client = new QuotaClient({ url: service.url, deadlineMs: 5_000 });
});

afterAll(async () => {
  await client?.close();
  await service?.stop();
  RecordedSpans.unregister();
});

/** The span of an answered request ends after its caller has the answer. */
async function recorded(count: number): Promise<readonly ReadableSpan[]> {
  const found: ReadableSpan[] = [];
  return eventually(() => {
    found.push(...spans.take());
    return found.length >= count ? found : undefined;
  });
}

const kindsOf = (all: readonly ReadableSpan[]) => all.map(({ name, kind }) => [name, kind]);
const SERVER = 1;
const CLIENT = 2;

describe('a service in a process that traces', () => {
  it('makes a verb a span of the trace that its caller names, with what was decided and never about whom', async () => {
    const check = { resource: 'ocr', subject: SUBJECT, operationId: 'op-1' };
    await service.api.post('/check').set('traceparent', TRACEPARENT).send(check).expect(200);
    const [span] = await recorded(1);
    expect(span).toMatchObject({
      name: 'sundial.check',
      kind: SERVER,
      parentSpanContext: { spanId: CALLER },
    });
    expect(span?.spanContext().traceId).toBe(TRACE);
    expect(span?.attributes).toEqual({
      'sundial.resource': 'ocr',
      'sundial.operation.id': 'op-1',
      'sundial.outcome': 'allowed',
      'sundial.reason': 'ok',
      'http.response.status_code': 200,
    });
    expect(RecordedSpans.text([span!])).not.toContain(SUBJECT.user);
  });

  it('goes by the nearer of two spans that its caller names', async () => {
    const nearer = 'b7ad6b7169203331';
    const traceparent = `${TRACEPARENT}, 00-${TRACE}-${nearer}-01`;
    await service.api.get('/usage?resource=ocr&user=u9').set('traceparent', traceparent).expect(200);
    const [span] = await recorded(1);
    expect(span).toMatchObject({ name: 'sundial.usage', parentSpanContext: { spanId: nearer } });
  });

  it('says by its code why a request was refused, and quotes nothing of it', async () => {
    const odd = { resource: 'ocr', subject: { user: SUBJECT.user.repeat(99) } };
    await service.api.post('/check').send(odd).expect(400);
    const [span] = await recorded(1);
    expect(span?.attributes).toEqual({ 'error.type': 'invalid-request', 'http.response.status_code': 400 });
    expect(RecordedSpans.text([span!])).not.toContain(SUBJECT.user);
  });

  it('makes none of what is no verb', async () => {
    await service.api.get('/health/ready').expect(200);
    await service.api.get('/admin/rules').expect(200);
    await service.api.get('/nowhere').expect(404);
    await service.api.get('/usage?resource=ocr&user=u9').expect(200);
    expect((await recorded(1)).map(({ name }) => name)).toEqual(['sundial.usage']);
  });
});

describe('a client in a process that traces', () => {
  it('is between its caller and the service, in one trace', async () => {
    const { traceId } = await spans.tracer.startActiveSpan('order', async (order) => {
      await client.check({ resource: 'ocr', subject: { user: 'u1' } });
      order.end();
      return order.spanContext();
    });
    const all = await recorded(3);
    const [asked, answered] = [CLIENT, SERVER].map((kind) => all.find((span) => span.kind === kind));
    expect(all.every((span) => span.spanContext().traceId === traceId)).toBe(true);
    expect(answered?.parentSpanContext?.spanId).toBe(asked?.spanContext().spanId);
    expect(asked?.attributes['sundial.outcome']).toBe('allowed');
  });

  it('keeps the traces of callers apart whose calls go out one by one', async () => {
    const order = (user: string) =>
      spans.tracer.startActiveSpan(user, async (span) => {
        await client.usage({ resource: 'ocr', subject: { user } });
        span.end();
      });
    await Promise.all(['a', 'b', 'c'].map(order));
    const all = await recorded(9);
    const traces = new Set(all.map((span) => span.spanContext().traceId));
    const sizes = [...traces].map((id) => all.filter((span) => span.spanContext().traceId === id).length);
    expect(sizes).toEqual([3, 3, 3]);
  });

  it('gives a request that several checks share the trace of the first of them', async () => {
    const order = (user: string) =>
      spans.tracer.startActiveSpan(user, async (span) => {
        await client.check({ resource: 'ocr', subject: { user } });
        span.end();
        return span.spanContext().traceId;
      });
    const [first] = await Promise.all(['d', 'e', 'f'].map(order));
    const all = await recorded(7);
    const shared = all.filter(({ name }) => name === 'sundial.checkBatch');
    expect(shared.map((span) => span.spanContext().traceId)).toEqual([first]);
    expect(all.filter(({ name, kind }) => name === 'sundial.check' && kind === CLIENT)).toHaveLength(3);
  });

  it('makes every verb a span, with the operation and what became of it', async () => {
    const { reservation } = await client.reserve({ resource: 'ocr', subject: SUBJECT, operationId: 'held' });
    await client.extend(reservation!.id, { ttlMs: 120_000 });
    await client.reservation(reservation!.id);
    await client.commit(reservation!.id);
    await client.refund({ resource: 'ocr', subject: SUBJECT, operationId: 'held' });
    await client.checkBatch([
      { resource: 'ocr', subject: { user: 'u2' } },
      { resource: 'ocr', subject: { user: 'u2' }, amount: 9 },
    ]);
    await client.release('no-such').catch(() => undefined);
    const all = await recorded(14);
    const ofClient = all.filter(({ kind }) => kind === CLIENT);
    const spans = ofClient.map(({ name, attributes }) => [name, attributes['sundial.outcome']]);
    expect(spans).toEqual([
      ['sundial.reserve', 'allowed'],
      ['sundial.extend', 'allowed'],
      ['sundial.reservation', 'held'],
      ['sundial.commit', 'committed'],
      ['sundial.refund', 'refunded'],
      ['sundial.checkBatch', undefined],
      ['sundial.release', undefined],
    ]);
    expect(ofClient.slice(0, 5).every((span) => span.attributes['sundial.operation.id'] === 'held')).toBe(
      true,
    );
    expect(ofClient[5]?.attributes).toEqual({ 'sundial.checks': 2, 'sundial.checks.denied': 1 });
    expect(ofClient[6]?.attributes).toMatchObject({ 'error.type': 'reservation-not-found' });
    expect(kindsOf(all).filter(([, kind]) => kind === SERVER)).toHaveLength(7);
    expect(RecordedSpans.text(all)).not.toContain(SUBJECT.user);
  });

  it('says that its fallback decided', async () => {
    const lonely = new QuotaClient({ url: 'http://127.0.0.1:1', retries: 0 });
    await lonely.check({ resource: 'ocr', subject: SUBJECT });
    await lonely.close({ timeoutMs: 0 });
    const [span] = await recorded(1);
    expect(span?.attributes).toMatchObject({
      'sundial.degraded': 'unreachable',
      'sundial.outcome': 'allowed',
    });
  });
});

describe('a Nest application that counts in a process that traces', () => {
  it('makes its verbs spans of the trace that is active', async () => {
    const directory = await temporaryDirectory();
    const imports = [QuotaModule.forRoot({ directory: directory.path, onAlarm: () => undefined })];
    const application = await Test.createTestingModule({ imports }).compile();
    const quota = application.get<Quota>(QUOTA);
    const order = await spans.tracer.startActiveSpan('order', async (active) => {
      await quota.check({ resource: 'ocr', subject: SUBJECT });
      active.end();
      return active.spanContext();
    });
    await application.close();
    await directory.remove();
    const span = spans.take().find(({ name }) => name === 'sundial.check');
    expect(span).toMatchObject({ parentSpanContext: { spanId: order.spanId } });
    expect(span?.attributes).toMatchObject({ 'sundial.reason': 'no-rule', 'sundial.outcome': 'allowed' });
  });
});
