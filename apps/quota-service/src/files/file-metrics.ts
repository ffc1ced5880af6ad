import { Inject, Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { LOG, type Log } from '../logging/log.js';
import { FileFindings, KEPT_FILES, type FileFinding } from '@sundial/embedded';

const FINDINGS: readonly FileFinding['finding'][] = ['unwritable', 'damaged'];

/** Exposes the findings about the node's files to Prometheus, and logs when one begins or ends. */
@Injectable()
export class FileMetrics {
  constructor(registry: Registry, findings: FileFindings, @Inject(LOG) log: Log) {
    new Gauge({
      name: 'sundial_file_finding',
      help: '1 while a file of this node cannot be written, or was found damaged',
      labelNames: ['file', 'finding'],
      registers: [registry],
      collect() {
        const current = findings.current;
        for (const finding of FINDINGS)
          for (const file of KEPT_FILES) {
            const holds = current.some((each) => each.file === file && each.finding === finding);
            this.set({ file, finding }, holds ? 1 : 0);
          }
      },
    });
    findings.onChange(({ sentence, ...finding }, holds) => {
      if (holds) log.error(finding, sentence);
      else log.info(finding, `the ${finding.file} can be written again, and nothing is missing`);
    });
  }
}
