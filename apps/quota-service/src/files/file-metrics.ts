import { Inject, Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { LOG, type Log } from '../logging/log.js';
import { FileConditions, KEPT_FILES, type FileCondition } from '@sundial/embedded';

const CONDITIONS: readonly FileCondition['condition'][] = ['unwritable', 'damaged'];

/** Shows the conditions of the node's files to Prometheus, and logs when one begins or ends. */
@Injectable()
export class FileMetrics {
  constructor(registry: Registry, conditions: FileConditions, @Inject(LOG) log: Log) {
    new Gauge({
      name: 'sundial_file_condition',
      help: 'Whether a file of this node cannot be written, or was found damaged: 1 if so',
      labelNames: ['file', 'condition'],
      registers: [registry],
      collect() {
        const current = conditions.current;
        for (const condition of CONDITIONS)
          for (const file of KEPT_FILES) {
            const holds = current.some((each) => each.file === file && each.condition === condition);
            this.set({ file, condition }, holds ? 1 : 0);
          }
      },
    });
    conditions.onChange(({ sentence, ...condition }, holds) => {
      if (holds) log.error(condition, sentence);
      else log.info(condition, `the ${condition.file} can be written again, and nothing is missing`);
    });
  }
}
