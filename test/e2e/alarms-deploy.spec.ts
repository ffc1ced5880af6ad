import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly class: string; readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
  }[];
}

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

let patterns: readonly { readonly id: string; readonly class: string }[];
let alerts: readonly Alert[];
let dashboard: { readonly panels: readonly Panel[]; readonly templating: { list: { name: string }[] } };
/** Metric name → label → the values seen at /metrics. */
let exposed: Map<string, Map<string, Set<string>>>;

beforeAll(async () => {
  ({ patterns } = parse(await read('config/alarms.yaml')));
  const rules = parse(await read('deploy/prometheus/sundial.rules.yml'));
  alerts = (rules.groups as { rules: Alert[] }[]).flatMap((group) => group.rules);
  dashboard = JSON.parse(await read('deploy/grafana/sundial.json'));
  exposed = seriesIn(await scrapeAfterAnOutage());
});

/** Many series are there only once there was something to count. */
async function scrapeAfterAnOutage(): Promise<string> {
  const redis = await RedisProcess.start();
  const service = await RunningService.start({ REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '50' });
  const check = () => service.api.post('/check').send({ resource: 'ocr', subject: { user: 'u1' } });
  await check();
  redis.freeze();
  await eventually(async () => (await check()).body.degraded?.cause === 'breaker-open');
  const { text } = await service.api.get('/metrics');
  redis.thaw();
  await service.stop();
  await redis.stop();
  return text;
}

function seriesIn(text: string): typeof exposed {
  // What has not happened yet is there by name only.
  const series: typeof exposed = new Map(
    [...text.matchAll(/^# TYPE (\w+) (?:counter|gauge)$/gm)].map(([, name]) => [name!, new Map()]),
  );
  for (const [, name, labels = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
    const known = series.get(name!) ?? new Map<string, Set<string>>();
    series.set(name!, known);
    for (const [, label, value] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      known.set(label!, (known.get(label!) ?? new Set()).add(value!));
    }
  }
  return series;
}

/** What Prometheus adds to every series it scrapes, and the one it makes by itself. */
const TARGET_LABELS = ['instance', 'job'];
const MADE_BY_PROMETHEUS = ['up'];

/** Everything in a query that does not exist, by Prometheus' own grammar. */
function errorsIn(expr: string): readonly string[] {
  const errors: string[] = [];
  const text = (node: { from: number; to: number }) => expr.slice(node.from, node.to);
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) errors.push(`does not parse at ${node.from}`);
      if (node.name !== 'VectorSelector') return;
      const name = text(node.node.getChild('Identifier')!);
      if (MADE_BY_PROMETHEUS.includes(name)) return;
      const labels = exposed.get(name);
      if (!labels) errors.push(`${name} is not exposed`);
      for (const matcher of node.node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
        const label = text(matcher.getChild('LabelName')!);
        const values = text(matcher.getChild('StringLiteral')!).slice(1, -1).split('|');
        if (TARGET_LABELS.includes(label)) continue;
        const missing = values.filter((value) => !labels?.get(label)?.has(value));
        if (missing.length > 0) errors.push(`${name} has no ${label}="${missing.join('|')}"`);
      }
    },
  });
  const used = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(/,\s*/));
  return [
    ...errors,
    ...used.flatMap((label) => (hasLabel(expr, label) ? [] : [`no metric has a label ${label}`])),
  ];
}

function hasLabel(expr: string, label: string): boolean {
  if (TARGET_LABELS.includes(label)) return true;
  return [...exposed].some(([name, labels]) => new RegExp(`\\b${name}\\b`).test(expr) && labels.has(label));
}

/** Grafana fills these in before it asks. */
const filledIn = (expr: string) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');

describe('the checks below', () => {
  it('find what is wrong with a query', () => {
    expect(errorsIn('sundial_checks_total{reason="ok"}')).toEqual([]);
    expect(errorsIn('sum by (reason) (rate(sundial_checks_total[1m]))')).toEqual([]);
    expect(errorsIn('sundial_check_total')).toEqual(['sundial_check_total is not exposed']);
    expect(errorsIn('sundial_checks_total{cause="ok"}')).toEqual(['sundial_checks_total has no cause="ok"']);
    expect(errorsIn('sum by (cause) (sundial_checks_total)')).toEqual(['no metric has a label cause']);
    expect(errorsIn('sum(sundial_checks_total')).toEqual([expect.stringMatching(/does not parse/)]);
  });
});

describe('deploy/prometheus/sundial.rules.yml', () => {
  it('asks only for what /metrics exposes, with the labels it has', () => {
    expect(alerts.map(({ alert, expr }) => [alert, errorsIn(expr)])).toEqual(
      alerts.map(({ alert }) => [alert, []]),
    );
  });

  it('has one alert for each pattern that ships, of its class', () => {
    const ofPattern = alerts.flatMap(({ expr, labels }) => {
      const id = /^sundial_alarm_active\{pattern="(.*)"\} > 0$/.exec(expr)?.[1];
      return id === undefined ? [] : [{ id, class: labels.class }];
    });
    expect(ofPattern).toEqual(patterns.map(({ id, class: alarmClass }) => ({ id, class: alarmClass })));
  });

  it('gives every alert a name of its own, a severity and a sentence', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { labels, annotations } of alerts) {
      expect(labels).toEqual(
        labels.class === 'alarm'
          ? { class: 'alarm', severity: 'critical' }
          : { class: 'attention', severity: 'warning' },
      );
      expect(annotations['summary']).toMatch(/\S/);
    }
  });
});

describe('deploy/grafana/sundial.json', () => {
  it('asks only for what /metrics exposes, with the labels it has', () => {
    const queries = dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [title, filledIn(expr)] as const),
    );
    expect(queries.map(([title, expr]) => [title, errorsIn(expr)])).toEqual(
      queries.map(([title]) => [title, []]),
    );
  });

  it('names in legends only labels that the query keeps', () => {
    for (const { targets } of dashboard.panels) {
      for (const { expr, legendFormat } of targets) {
        const kept = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(/,\s*/) ?? TARGET_LABELS;
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
        expect(kept).toEqual(expect.arrayContaining(named));
      }
    }
  });

  it('lays its panels out without an overlap', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
