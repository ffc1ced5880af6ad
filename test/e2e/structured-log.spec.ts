import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LEDGER_EVENT_KINDS } from '@sundial/ledger';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';

const read = (file: string) => readFile(new URL(`../../deploy/logs/${file}`, import.meta.url), 'utf8');
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
const subject = { user: 'pupil-4711' };

type Line = Readonly<Record<string, unknown>>;

const linesOf = ({ stdout }: ServiceProcess): readonly Line[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
const eventsOf = (service: ServiceProcess) =>
  linesOf(service).filter(({ schema }) => schema === 'sundial.event');

const start = (events: string) =>
  ServiceProcess.start({
    env: {
      SUNDIAL_LOG_EVENTS: events,
      SUNDIAL_LEDGER: 'off',
      SUNDIAL_NODE_NAME: 'node-1',
      SUNDIAL_LAME_DUCK_MS: '0',
      LOG_LEVEL: 'error',
    },
  });

/** A reservation from its reserve to its refund. */
async function live(service: ServiceProcess): Promise<void> {
  const held = { resource: 'ocr', subject, operationId: 'op-1' };
  const { body } = await service.fetchJson('POST', '/reservations', held, { traceparent });
  const { id } = (body as { reservation: { id: string } }).reservation;
  await service.fetchJson('POST', `/reservations/${id}/extend`, { ttlMs: 120_000 });
  await service.fetchJson('POST', `/reservations/${id}/commit`, {});
  await service.fetchJson('POST', '/refunds', held);
  await service.fetchJson('POST', '/check', { resource: 'ocr', subject, amount: 1_000 });
  await service.fetchJson('PATCH', '/admin/rules/ocr-per-user', { description: 'new' });
}

describe('events in the log', () => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await start('on');
    await live(service);
    await eventually(() => eventsOf(service).some(({ kind }) => kind === 'admin'));
  });
  afterAll(() => service.stop());

  it('are what the schema says, of every kind that there is', async () => {
    const { $schema: _, ...schema } = JSON.parse(await read('sundial.event.schema.json'));
    const isEvent = new Ajv({ strict: true, formats: { 'date-time': isInstant } }).compile(schema);
    for (const event of eventsOf(service)) expect([event, isEvent(event)]).toEqual([event, true]);
    expect(isEvent({ ...eventsOf(service)[0], kind: 'nonsense' })).toBe(false);
    expect(schema.properties.kind.enum).toEqual(LEDGER_EVENT_KINDS);
  });

  it('tell of one operation all that happened to it, in order, without a database', () => {
    const events = eventsOf(service)
      .filter(({ operationId }) => operationId === 'op-1')
      .toSorted((a, b) => String(a['at']).localeCompare(String(b['at'])));
    expect(events.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['reserve', 'allowed'],
      ['extend', 'allowed'],
      ['commit', 'committed'],
      ['refund', 'refunded'],
    ]);
    expect(events[0]).toMatchObject({
      ...{ node: 'node-1', resource: 'ocr', actor: 'anonymous' },
      data: { reason: 'ok', amounts: { units: 1 }, traceId: TRACE, requestId: expect.any(String) },
    });
  });

  it('tell of refusals and of what operators change, and name no subject', () => {
    const events = eventsOf(service).map(({ kind, outcome }) => `${String(kind)} ${String(outcome)}`);
    expect(events).toEqual(expect.arrayContaining(['node started', 'check denied', 'admin rule-changed']));
    expect(service.stdout).not.toContain(subject.user);
  });

  it('are there whatever the level of the log', () => {
    expect(linesOf(service).every(({ schema }) => schema === 'sundial.event')).toBe(true);
  });
});

describe('events in the log, by their setting', () => {
  it('name subjects where that is asked for', async () => {
    const service = await start('with-subjects');
    await service.fetchJson('POST', '/check', { resource: 'ocr', subject });
    const event = await eventually(() => eventsOf(service).find(({ kind }) => kind === 'check'));
    expect(event).toMatchObject({ subject });
    await service.stop();
  });

  it('are not there by default', async () => {
    const service = await ServiceProcess.start({ env: { SUNDIAL_LAME_DUCK_MS: '0' } });
    await service.fetchJson('POST', '/check', { resource: 'ocr', subject });
    await service.stop();
    expect(eventsOf(service)).toEqual([]);
  });
});

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);
}

describe('deploy/logs/vector.yaml', () => {
  it('leads every line from a source to a sink', async () => {
    type Part = { readonly type: string; readonly inputs?: readonly string[]; readonly route?: object };
    const { sources, transforms, sinks } = parse(await read('vector.yaml')) as Record<
      'sources' | 'transforms' | 'sinks',
      Readonly<Record<string, Part>>
    >;
    const routes = Object.entries(transforms).flatMap(([name, { route }]) =>
      route ? [...Object.keys(route), '_unmatched'].map((key) => `${name}.${key}`) : [name],
    );
    const outputs = [...Object.keys(sources), ...routes];
    const inputs = [transforms, sinks].flatMap((parts) =>
      Object.values(parts).flatMap((part) => part.inputs),
    );
    expect(inputs.filter((input) => !outputs.includes(input!))).toEqual([]);
    expect(outputs.filter((output) => !inputs.includes(output))).toEqual([]);
    expect(JSON.stringify(transforms)).toContain('.schema == \\"sundial.event\\"');
  });
});

describe('deploy/logs/rsyslog.conf', () => {
  it('has closed blocks and texts, and uses only modules and templates that it declares', async () => {
    const text = (await read('rsyslog.conf')).replace(/^\s*#.*$/gm, '');
    const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    expect(bare.replace(/[^"]/g, '').length % 2).toBe(0);
    for (const [open, close] of ['()', '{}'].map((pair) => pair.split('')))
      expect(bare.split(open!).length).toBe(bare.split(close!).length);
    const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);
    const builtIn = ['omfile', 'omfwd'];
    const modules = named(/module\(load="(\w+)"/g);
    expect(named(/action\(type="(\w+)"/g).filter((type) => ![...builtIn, ...modules].includes(type))).toEqual(
      [],
    );
    const templates = named(/template\(name="([\w-]+)"/g);
    expect(named(/(?:\s)(?:template|dynaFile)="([\w-]+)"/g).toSorted()).toEqual(
      expect.arrayContaining(templates.toSorted()),
    );
    expect(text).toContain('$!schema == "sundial.event"');
  });
});
