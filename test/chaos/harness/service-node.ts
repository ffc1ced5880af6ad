import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.js';
import { ServiceProcess } from '../../support/service-process.js';
import { CpuSteal } from '../../support/cpu-steal.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../support/temporary-directory.js';
import { requestOfWrite, writeAnswered, type AdminWrite, type WriteAnswer } from './admin/admin-write.js';
import type { Answer } from './history.js';
import { answered, bodyOf, routeOf, type Ending, type EndingAnswer } from './reservations/ending.js';
import { requestOf, type Operation } from './workload.js';
import type { ChaosNode, NodeStatus } from './node.js';
import { RULES } from './rules.js';

/** Far beyond what the service promises: a caller that is not answered by then asks another node. */
const PATIENCE_MS = 2_000;
/** A write of an operator waits for a store that is away. */
const WRITE_PATIENCE_MS = 3_000;
const STATUS_PATIENCE_MS = 500;
/** After a fault of its own a node works off what came meanwhile. */
const CATCHING_UP_MS = 150;
/** A journal gathers lines for 5 ms before it writes them. */
const SYNC_MS = 25;
const BUSY_ON_SIGNAL = new URL('../../support/busy-on-signal.mjs', import.meta.url);
/** How long it computes on a signal. */
const BUSY_MS = 400;

type Unanswered = Extract<Answer, { readonly kind: 'unanswered' }>;
type Posted = { readonly kind: 'answered' } & Pick<
  Awaited<ReturnType<ServiceProcess['fetchJson']>>,
  'status' | 'body'
>;

/** The built service as a process of its own, that can be killed, frozen, kept busy and started again on what it left. */
export class ServiceNode implements ChaosNode {
  #service: ServiceProcess | undefined;
  /** Of each process that it has been. */
  readonly steal: CpuSteal[] = [];
  /** When faults were done to this process. */
  readonly #disturbances: { from: number; to: number }[] = [];
  readonly #deaths: { at: number; restartedAt: number }[] = [];

  private constructor(
    readonly name: string,
    readonly port: number,
    private readonly directory: TemporaryDirectory,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(name: string, env: Readonly<Record<string, string>>): Promise<ServiceNode> {
    const directory = await temporaryDirectory();
    // JSON is YAML.
    await writeFile(join(directory.path, 'rules.yaml'), JSON.stringify({ rules: RULES }));
    await mkdir(join(directory.path, 'data'));
    const node = new ServiceNode(name, await freePort(), directory, env);
    try {
      await node.#launch();
      return node;
    } catch (cause) {
      await node.stop();
      const why = cause instanceof Error ? cause.message.replace('The service did not start: ', '') : cause;
      throw new Error(`${name} did not start: ${why}`, { cause });
    }
  }

  async check(operation: Operation): Promise<Answer> {
    const route = operation.hold ? '/reservations' : '/check';
    const said = await this.#post(route, requestOf(operation));
    if (said.kind === 'unanswered') return said;
    const { status, body } = said;
    return status === 200
      ? { kind: 'decided', decision: body }
      : { kind: 'failed', status, code: body?.code };
  }

  async end(ending: Ending): Promise<EndingAnswer> {
    const said = await this.#post(routeOf(ending), bodyOf(ending).body ?? {});
    if (said.kind === 'unanswered') return said;
    const { status, body } = said;
    return status === 200
      ? answered(ending, body)
      : { kind: 'failed', status, code: body?.code, state: body?.state };
  }

  async write(write: AdminWrite): Promise<WriteAnswer> {
    const { method, path, body: request } = requestOfWrite(write);
    const said = await this.#fetch(method, path, request, WRITE_PATIENCE_MS);
    if (said.kind === 'unanswered') return said;
    const { status, body } = said;
    return status === 200 ? writeAnswered(write, body) : { kind: 'failed', status, code: body?.code };
  }

  async status(): Promise<NodeStatus | undefined> {
    try {
      const patience = AbortSignal.timeout(STATUS_PATIENCE_MS);
      const ask = (path: string) => this.#running.fetchJson('GET', path, undefined, {}, patience);
      const [ready, journal] = await Promise.all([ask('/health/ready'), ask('/admin/journal')]);
      const { pending, lost, toReplay, replayed, uncertainIntervals } = journal.body;
      const intervals = uncertainIntervals as { operations: number }[];
      return {
        mode: ready.body.store.mode,
        pending: pending,
        lost,
        toReplay: toReplay,
        replayed: replayed.counted + replayed.reversed,
        uncertain: intervals.reduce((sum, { operations }) => sum + operations, 0),
      };
    } catch {
      return undefined;
    }
  }

  wasDisturbed(from: number, to: number): boolean {
    return this.#disturbances.some((one) => one.from <= to && from <= one.to + CATCHING_UP_MS);
  }

  mayHaveForgotten(saidAt: number): boolean {
    return this.#deaths.some(({ at, restartedAt }) => saidAt >= at - SYNC_MS && saidAt <= restartedAt);
  }

  /** SIGKILL: what is not on disk is lost. Returns when it is dead. */
  async kill(): Promise<void> {
    this.#disturb();
    this.#deaths.push({ at: performance.now(), restartedAt: Infinity });
    await this.#running.stop('SIGKILL');
  }

  /** SIGTERM: it is asked to leave. */
  async leave(): Promise<void> {
    this.#disturb();
    await this.#running.stop('SIGTERM');
  }

  /** Starts it again on the same port and directory. */
  async restart(): Promise<void> {
    const death = this.#deaths.at(-1);
    if (death) death.restartedAt = Math.min(death.restartedAt, performance.now());
    await this.#launch();
    this.#recover();
  }

  freeze(): void {
    this.#disturb();
    this.#running.freeze();
  }

  thaw(): void {
    this.#running.thaw();
    this.#recover();
  }

  /** More is asked of it than it can answer in time; true until `recovered`. */
  overload(): void {
    this.#disturb();
  }

  recovered(): void {
    this.#recover();
  }

  /** Its event loop computes for a while and does nothing else. */
  keepBusy(): void {
    const now = performance.now();
    this.#disturbances.push({ from: now, to: now + BUSY_MS });
    process.kill(this.#running.pid, 'SIGUSR2');
  }

  async stop(): Promise<void> {
    this.steal.at(-1)?.stop();
    await this.#service?.stop('SIGKILL');
    await this.directory.remove();
  }

  #post(path: string, request: object): Promise<Posted | Unanswered> {
    return this.#fetch('POST', path, request, PATIENCE_MS);
  }

  async #fetch(
    method: string,
    path: string,
    request: object | undefined,
    patienceMs: number,
  ): Promise<Posted | Unanswered> {
    try {
      const patience = AbortSignal.timeout(patienceMs);
      const { status, body } = await this.#running.fetchJson(method, path, request, {}, patience);
      return { kind: 'answered', status, body };
    } catch (error) {
      return { kind: 'unanswered', why: reasonOf(error) };
    }
  }

  get #running(): ServiceProcess {
    return this.#service!;
  }

  async #launch(): Promise<void> {
    this.#service = await ServiceProcess.start({
      preload: [BUSY_ON_SIGNAL],
      env: {
        PORT: String(this.port),
        SUNDIAL_DATA_DIR: join(this.directory.path, 'data'),
        SUNDIAL_RULES_FILE: join(this.directory.path, 'rules.yaml'),
        SUNDIAL_LAME_DUCK_MS: '100',
        BUSY_MS: String(BUSY_MS),
        LOG_LEVEL: 'fatal',
        ...this.env,
      },
    });
    this.steal.at(-1)?.stop();
    this.steal.push(CpuSteal.of(this.#service.pid));
  }

  #disturb(): void {
    this.#disturbances.push({ from: performance.now(), to: Infinity });
  }

  #recover(): void {
    const last = this.#disturbances.at(-1);
    if (last) last.to = performance.now();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
