import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { OpenedQuota } from '@sundial/embedded';
import { OPENED_QUOTA } from '../engine/tokens.js';
import { DecisionRecorder } from './recording/decision-recorder.js';
import { LedgerRecorder } from './recording/ledger-recorder.js';
import { NodeLedger } from './recording/node-ledger.js';

/** The ledger goes by the store's clock once there is a store, and is the last to close: what is settled at the end is recorded. */
@Injectable()
export class LedgerLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(OPENED_QUOTA) private readonly quota: OpenedQuota,
    private readonly node: NodeLedger,
    private readonly recorder: LedgerRecorder,
    private readonly decisions: DecisionRecorder,
  ) {}

  async onModuleInit(): Promise<void> {
    const { engine, rules } = this.quota;
    this.recorder.goesBy(() => engine.now());
    this.decisions.knows((rule) => rules.current.byId(rule)?.per);
    await this.node.open();
  }

  onApplicationBootstrap(): void {
    const { version } = this.quota.rules.current;
    this.recorder.record({ kind: 'node', outcome: 'started', data: { rulesVersion: version } });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.quota.close();
    this.recorder.record({ kind: 'node', outcome: 'stopped' });
    await this.node.close();
  }
}
