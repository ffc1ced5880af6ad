import type {
  Brake,
  ControlWritten,
  Drill,
  DrillFault,
  Gate,
  LimitState,
  Rule,
  Subject,
} from '@sundial/contract';
import type { Service } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';
import type { ServiceAlarms } from './steps/alarm-steps.js';
import type { Verdict } from './steps/receipt-steps.js';

/** A fault ends by itself after so long, should this process be killed. */
const FAULT_MS = 5 * 60_000;
const RULES_A_PAGE = 1_000;
/** What the service's log says of a drill. */
const REASON = 'sundial drill';

interface RulesPage {
  readonly rules: readonly Rule[];
  readonly next?: string;
}

/** What the operator of a drill asks the service for, and sets there. */
export class Operator {
  constructor(private readonly service: Service) {}

  /** Of all resources. */
  async rules(): Promise<readonly Rule[]> {
    const rules: Rule[] = [];
    let cursor = '';
    do {
      const page = await this.service.get<RulesPage>(`/admin/rules?limit=${RULES_A_PAGE}${cursor}`);
      rules.push(...page.rules);
      cursor = page.next === undefined ? '' : `&cursor=${encodeURIComponent(page.next)}`;
    } while (cursor);
    return rules;
  }

  async liveNodes(): Promise<number> {
    const { nodes } = await this.service.get<{ nodes?: { live?: number } }>('/health/ready');
    return Math.max(1, nodes?.live ?? 1);
  }

  async usage(resource: string, subject: Subject): Promise<readonly LimitState[]> {
    const query = new URLSearchParams({ resource, ...subject });
    const usage = await this.service.get<{ limits: readonly LimitState[] }>(`/usage?${query}`, 'caller');
    return usage.limits;
  }

  /** @throws CliError where a drill runs already, or a gate or brake of the resource would be what is measured. */
  async expectNormal(resource: string): Promise<void> {
    const [{ gates }, { brakes }, drill] = await Promise.all([
      this.service.get<{ gates: readonly Gate[] }>('/admin/gates'),
      this.service.get<{ brakes: readonly Brake[] }>('/admin/brakes'),
      this.drillOf(resource),
    ]);
    if (drill) {
      throw new CliError(
        `A drill of ${resource} runs already (fault ${drill.fault}, until ${drill.until}${by(drill)}). ` +
          `Wait for its end, or end it: DELETE /admin/drills/${resource}.`,
      );
    }
    const gate =
      gates.find((each) => each.resource === resource) ?? gates.find((each) => each.resource === null);
    if (gate && gate.gate !== 'normal') {
      throw new CliError(
        `The gate of ${gate.resource ?? 'all resources'} is ${gate.gate}${by(gate)}: it decides every call, in an outage too. ` +
          'Set it to normal before a drill.',
      );
    }
    const brake = brakes.find((each) => each.resource === resource && each.subject === undefined);
    if (brake) {
      throw new CliError(
        `A brake turns ${brake.percent} % of ${resource} away${by(brake)}: take it off before a drill.`,
      );
    }
  }

  /** In force on every node when it answers, as far as that node knows. */
  async begin(resource: string, fault: DrillFault): Promise<ControlWritten & { readonly drill: Drill }> {
    const until = new Date(Date.now() + this.service.skewMs + FAULT_MS).toISOString();
    return this.service.put(pathOf(resource), { fault, percent: 100, until, reason: REASON });
  }

  /** Also where it has ended by itself. */
  async end(resource: string): Promise<void> {
    const path = `${pathOf(resource)}?${new URLSearchParams({ reason: REASON })}`;
    await this.service.delete(path).catch((error: unknown) => {
      if (!(error instanceof CliError) || error.code !== 'drill-not-found') throw error;
    });
  }

  async drillOf(resource: string): Promise<Drill | undefined> {
    const { drills } = await this.service.get<{ drills: readonly Drill[] }>('/admin/drills');
    return drills.find((each) => each.resource === resource);
  }

  /** Of the node that answers. */
  alarms(): Promise<ServiceAlarms> {
    return this.service.get('/admin/alarms');
  }

  verify(receipt: string, resource: string): Promise<Verdict> {
    return this.service.post('/receipts/verify', { receipt, resource }, 'caller');
  }
}

function pathOf(resource: string): string {
  return `/admin/drills/${encodeURIComponent(resource)}`;
}

function by({ setBy }: { readonly setBy?: string }): string {
  return setBy === undefined ? '' : `, set by ${setBy}`;
}
